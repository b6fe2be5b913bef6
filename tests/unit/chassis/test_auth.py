"""Who gets in, and what a token may say."""

import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from oms.common.v1.outbox_service_pb2 import DESCRIPTOR
from services.chassis.auth import Gate
from services.chassis.settings import Settings
from services.kernel.errors import OmsError, PermissionDenied, Unauthenticated

LIST = "/oms.common.v1.OutboxService/ListOutboxEvents"
CLAIMS = {"sub": "checkout", "aud": "oms", "exp": 4102444800}


class Call:
    """As much of a call as a gate looks at."""

    def __init__(self, token):
        self._metadata = (("authorization", f"Bearer {token}"),)

    def invocation_metadata(self):
        return self._metadata


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def enter(key, tmp_path):
    known = {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())), "kid": "one"}
    shared = {"kty": "oct", "kid": "shared", "alg": "HS256", "k": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE"}
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [known, shared]}))
    gate = Gate(Settings(jwt_jwks=path), [DESCRIPTOR.services_by_name["OutboxService"]])

    def enter(signer, algorithm="RS256", kid="one", **claims):
        headers = {"kid": kid} if kid else None
        return gate.caller(LIST, Call(jwt.encode({**CLAIMS, **claims}, signer, algorithm, headers=headers)))

    return enter


@pytest.mark.parametrize(
    "claims",
    [{"permissions": ["a", "outbox.read"]}, {"permissions": "a outbox.read"}, {"scope": "outbox.read"}, {"scope": "*"}],
)
def test_a_permission_may_be_in_a_list_or_a_word_of_a_string(enter, key, claims):
    assert enter(key, **claims) == "checkout"


@pytest.mark.parametrize(
    "claims",
    [
        {"permissions": "orders.*"},  # read letter by letter it would hold "*", which is everything
        {"permissions": []},
        {"permissions": [], "scope": "outbox.read"},  # the list is what was granted
        {"permissions": [{"outbox.read": 1}]},
        {"permissions": 5},
        {"permissions": {"outbox.read": True}},
        {"scope": ["outbox.write"]},
        {},
    ],
)
def test_anything_else_grants_nothing_and_breaks_nothing(enter, key, claims):
    with pytest.raises(PermissionDenied) as refused:
        enter(key, **claims)
    assert refused.value.reason == "PERMISSION_MISSING"


@pytest.mark.parametrize(
    ("algorithm", "kid", "signer"),
    [
        ("ES256", "one", ec.generate_private_key(ec.SECP256R1())),  # another kind of key than the one named
        ("RS256", "one", rsa.generate_private_key(65537, 2048)),
        ("RS256", "two", rsa.generate_private_key(65537, 2048)),
        ("RS256", None, rsa.generate_private_key(65537, 2048)),
        ("HS256", "one", "a secret that somebody made up, long"),
        ("HS256", "shared", "01234567890123456789012345678901"),  # shared secrets do not belong in a key set
    ],
)
def test_a_token_of_another_key_or_algorithm_is_no_token(enter, algorithm, kid, signer):
    with pytest.raises(Unauthenticated) as refused:
        enter(signer, algorithm, kid, permissions=["outbox.read"])
    assert refused.value.reason == "BAD_TOKEN"


@pytest.mark.parametrize("claims", [{"exp": 1}, {"exp": None}, {"aud": "x"}, {"sub": None}, {"sub": 7}, {"nbf": 4e9}])
def test_a_token_with_claims_that_do_not_hold_is_no_token(enter, key, claims):
    with pytest.raises(Unauthenticated):
        enter(key, permissions=["outbox.read"], **claims)


def test_a_call_without_a_declared_permission_is_refused_to_everybody(tmp_path):
    gate = Gate(Settings(jwt_secret="x" * 32), [DESCRIPTOR.services_by_name["OutboxService"]])
    token = jwt.encode({**CLAIMS, "permissions": ["*"]}, "x" * 32, "HS256")
    with pytest.raises(OmsError) as refused:
        gate.caller("/oms.other.v1.Service/Method", Call(token))
    assert refused.value.reason == "NO_PERMISSION_DECLARED"
