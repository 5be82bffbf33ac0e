"""One client for each loop, loaded late."""

import asyncio

from calls.reply.language_models import OPENAI_URL, LanguageModels


def test_a_loop_has_one_client():
    models = LanguageModels("k", "http://127.0.0.1:9/v1")

    async def twice():
        first, second = await asyncio.gather(models.client(), models.client())
        third = await models.client()
        assert first is second is third
        assert (first.max_retries, str(first.base_url), first.api_key) == (0, "http://127.0.0.1:9/v1/", "k")
        assert (first.timeout.connect, first.timeout.read) == (1.0, 2.5)
        await models.aclose()
        await models.aclose()
        return id(first)

    assert asyncio.run(twice())
    asyncio.run(twice())


def test_it_is_configured_by_a_key_or_an_address():
    assert not LanguageModels().configured
    assert LanguageModels("k").configured and LanguageModels("", "http://127.0.0.1:9/v1").configured


def test_without_an_address_it_is_openais_whatever_the_environment_says(monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/else")
    monkeypatch.setenv("OPENAI_API_KEY", "another")

    async def made():
        models = LanguageModels("k")
        client = await models.client()
        await models.aclose()
        return str(client.base_url), client.api_key

    assert asyncio.run(made()) == (f"{OPENAI_URL}/", "k")


def test_it_can_be_loaded_ahead():
    LanguageModels().load()
