"""Who is calling, and what they may do: a token or a certificate, against the permission that the proto asks for."""

import json
from collections.abc import Mapping
from typing import Any

import grpc
import jwt
from google.protobuf.descriptor import ServiceDescriptor

from oms.common.v1 import options_pb2
from services.chassis.settings import Settings
from services.kernel.errors import PermissionDenied, Unauthenticated

# Open to whoever can connect: what orchestrators and tools ask.
OPEN = ("/grpc.health.v1.Health/", "/grpc.reflection.")
ALL = "*"
# With a public key an algorithm of shared secrets would let everybody sign.
_ASYMMETRIC = ("RS256", "PS256", "ES256", "EdDSA")


class Gate:
    """Decides on every call."""

    def __init__(self, settings: Settings, services: list[ServiceDescriptor]) -> None:
        self._settings = settings
        self._knows_callers = settings.knows_callers
        self._permissions = {
            f"/{service.full_name}/{method.name}": method.GetOptions().Extensions[options_pb2.permission]
            for service in services
            for method in service.methods
        }
        self._verifies_tokens = bool(settings.jwt_jwks or settings.jwt_secret)
        self._keys = jwt.PyJWKSet.from_dict(json.loads(settings.jwt_jwks.read_text())) if settings.jwt_jwks else None

    def caller(self, method: str, context: grpc.aio.ServicerContext) -> str:
        """Return who is calling.

        Raises:
            Unauthenticated: nobody knows who it is.
            PermissionDenied: they may not.
        """
        metadata = dict(context.invocation_metadata() or ())
        if not self._knows_callers:
            return str(metadata.get("oms-actor", "anonymous"))[:100]
        if method.startswith(OPEN):
            return "anonymous"
        subject, permissions = self._identify(metadata, context)
        needed = self._permissions.get(method, "")
        if not needed:
            raise PermissionDenied(
                "this call declares no permission, so nobody has it", reason="NO_PERMISSION_DECLARED"
            )
        if needed not in permissions and ALL not in permissions:
            raise PermissionDenied(
                f"{subject} lacks the permission {needed}", reason="PERMISSION_MISSING", permission=needed
            )
        return subject

    def _identify(self, metadata: Mapping[str, Any], context: grpc.aio.ServicerContext) -> tuple[str, set[str]]:
        if not self._verifies_tokens:
            names = context.auth_context().get("x509_subject_alternative_name") or context.auth_context().get(
                "x509_common_name"
            )
            if not names:
                raise Unauthenticated("a client certificate is needed", reason="NO_CERTIFICATE")
            return names[0].decode(errors="replace")[:100], {ALL}
        kind, _, token = str(metadata.get("authorization", "")).partition(" ")
        if kind.lower() != "bearer" or not token:
            raise Unauthenticated("a bearer token is needed in the metadata 'authorization'", reason="NO_TOKEN")
        try:
            key, algorithms = self._key(token)
            claims = jwt.decode(
                token,
                key,
                algorithms=algorithms,
                audience=self._settings.jwt_audience,
                issuer=self._settings.jwt_issuer,
                options={"require": ["exp", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise Unauthenticated(f"the token is not accepted: {error}", reason="BAD_TOKEN") from None
        return str(claims["sub"])[:100], _granted(claims)

    def _key(self, token: str) -> tuple[Any, list[str]]:
        """Return the key that the token must be signed with, and how. The token has no say in how."""
        if self._keys is None:
            secret = self._settings.jwt_secret
            return (secret.get_secret_value() if secret else ""), ["HS256"]
        try:
            key = self._keys[jwt.get_unverified_header(token).get("kid", "")]
        except KeyError:
            raise jwt.InvalidKeyError("no key of that id") from None
        return key.key, [key.algorithm_name] if key.algorithm_name in _ASYMMETRIC else []


def _granted(claims: Mapping[str, Any]) -> set[str]:
    """Return the permissions of a token: a list, or words in one string (which is never read letter by letter)."""
    listed = claims["permissions"] if "permissions" in claims else claims.get("scope")
    words = listed.split() if isinstance(listed, str) else listed
    return {word for word in words if isinstance(word, str)} if isinstance(words, list) else set()
