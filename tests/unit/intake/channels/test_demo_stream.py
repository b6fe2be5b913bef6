from collections import Counter
from itertools import islice

import pytest

from deploy.local.demo import catalogue
from deploy.local.demo.feed import documents
from deploy.local.demo.stream import generate
from services.intake.channels import FORMATS
from services.intake.domain.draft import PaymentState, ServiceLevel
from tests.unit.intake.channels.reading_documents import assert_within_limits

STREAM = list(generate(1000, seed=11))
DRAFTS = [FORMATS[document.format](document.content, document.channel) for document in STREAM]


def test_every_document_of_the_stream_is_one_order_that_adds_up_to_the_cent():
    for reading in DRAFTS:
        (draft,) = reading.drafts
        assert reading.problems == ()
        assert draft.holds == ()
        assert_within_limits(draft)
        parts = sum(line.total.minor for line in draft.lines) + draft.shipping.minor + draft.shipping_tax.minor
        assert parts == draft.total.minor


def test_the_stream_is_the_same_for_the_same_seed_and_another_for_another():
    assert list(generate(20, seed=11)) == STREAM[:20]
    assert list(islice(generate(20, seed=12), 20)) != STREAM[:20]


def test_no_two_documents_of_two_streams_have_one_id():
    ids = [FORMATS[d.format](d.content, d.channel).drafts[0].external_id for seed in (1, 2) for d in generate(50, seed)]
    assert len(set(ids)) == 100


def test_the_mix_is_near_what_is_promised():
    drafts = [reading.drafts[0] for reading in DRAFTS]
    regions = Counter(document.channel.rsplit("-", 1)[1] for document in STREAM)
    assert regions["us"] == pytest.approx(600, abs=60)
    assert regions["uk"] == pytest.approx(200, abs=50)
    assert regions["eu"] == pytest.approx(200, abs=50)
    assert {draft.payment.state for draft in drafts} == {
        PaymentState.CAPTURED,
        PaymentState.AUTHORIZED,
        PaymentState.PENDING,
    }
    assert {draft.service_level for draft in drafts} == set(ServiceLevel)
    assert sum(1 for draft in drafts if len(draft.lines) <= 4) > 900


def test_the_catalogue_prices_names_and_weighs_every_sku():
    assert len(set(catalogue.SKUS)) == len(catalogue.SKUS) == 300
    assert catalogue.title("TEE-BLK-M") == "T-shirt, black, M"
    assert all(catalogue.price(sku) > 0 and catalogue.weight_grams(sku) > 0 for sku in catalogue.SKUS)


def test_every_sku_that_the_kept_documents_order_is_in_the_catalogue():
    for document in documents():
        reading = FORMATS[document.format](document.content, document.channel)
        assert reading.problems == ()
        assert {line.sku for draft in reading.drafts for line in draft.lines} <= set(catalogue.SKUS)
