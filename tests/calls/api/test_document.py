"""The API's OpenAPI document is true: schemathesis asks what it promises, and what it forbids."""

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from calls.api.endpoints import OfToken
from calls.api.models import ApiToken, Scope
from calls.api.problems import MEDIA_TYPE, TITLES
from calls.storage import rows
from tests.calls.storage.sample_records import RECORDS
from tests.databases import each_database, postgresql_url  # noqa: F401 - fixtures
from tests.paths import ROOT

EXAMPLES = 15
"""Of each endpoint."""


@pytest.fixture
def token(each_database, monkeypatch):  # noqa: F811
    monkeypatch.setattr(OfToken, "allow_request", lambda *_: True)
    rows.write(RECORDS)
    token = ApiToken(name="schemathesis", scopes=Scope.values, all_lines=True)
    text = token.renew()
    token.save()
    # As Django's own test client does: each of the test's requests is in its one transaction.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield text
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_the_api_does_what_its_document_says(token, mode):
    """By schemathesis' checks, with parameters that the document allows and with others. Without its pytest plugin,
    which every other test would wait for."""
    document = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    operations = [found.ok() for found in document.get_all_operations()]
    assert len(operations) == 3
    for operation in operations:
        has_call = mode is GenerationMode.POSITIVE and "{call_sid}" in operation.path
        told = {"path_parameters": {"call_sid": "CA1"}} if has_call else {}

        @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(operation.as_strategy(generation_mode=mode, **told))
        def asks(case):
            case.call_and_validate(headers={"Authorization": f"Bearer {token}"})

        asks()


def test_the_document_is_of_openapi_3_1_and_asks_for_a_token_everywhere(client):
    document = client.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1.")
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len(operations) == 3
    for operation in operations:
        assert operation["security"] == [{"Bearer": []}]
        failures = {status: said for status, said in operation["responses"].items() if status != "200"}
        assert {"400", "401", "403", "429", "503"} <= failures.keys()
        assert {media for said in failures.values() for media in said["content"]} == {MEDIA_TYPE}


def test_the_document_says_where_it_is_served_and_what_each_parameter_and_field_is(client, settings):
    settings.PUBLIC_URL = "https://voice.example.org"
    document = client.get("/api/v1/openapi.json").json()
    assert document["servers"] == [{"url": "https://voice.example.org"}]
    asked = [one for path in document["paths"].values() for one in path["get"].get("parameters", ())]
    assert [one["name"] for one in asked if not one.get("description")] == []
    assert {"started_since", "call_sid"} <= {one["name"] for one in asked}
    schemas = document["components"]["schemas"]
    assert {"CallOut", "AnswerOut", "FaultyParameter"} <= schemas.keys()
    assert [name for name, schema in schemas.items() if not schema.get("description")] == []
    fields = {
        f"{name}.{field}": said for name, schema in schemas.items() for field, said in schema["properties"].items()
    }
    assert [name for name, said in fields.items() if not said.get("description")] == []


def test_the_page_of_the_api_names_every_path_scope_and_code(client):
    document = client.get("/api/v1/openapi.json").json()
    page = (ROOT / "docs" / "api.md").read_text("utf-8")
    named = [*document["paths"], *Scope.values, *TITLES]
    assert [one for one in named if f"`{one}`" not in page] == []
