"""What calls cost: what each used, by line and month, and its ceiling."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from calls.core.line_health import CLEAR_AFTER_S, Trouble, Verdict
from calls.lines import costs
from calls.models import Alarm, Call, EnginePrice, PhoneLine, Price
from calls.process.alarm_monitor import settle
from calls.storage.records import CallEnded, CallStarted
from calls.storage.rows import write
from stt.models import TuningProfile
from stt.streaming.billing import Billed
from stt.streaming.transcriber import Transcriber
from stt.tuning import Tuning
from tests.fakes import FakeStream
from voiceapp.runtime.breaker import Breaker

LINE = "+97231234567"


def started(sid="CA1", at=None):
    return CallStarted(sid, "MZ1", at or timezone.now(), to_number=LINE)


def ended(sid="CA1", stream="MZ1", **used):
    return CallEnded(sid, stream, timezone.now(), "stop", 0, 0, 0, **used)


@pytest.mark.django_db
class TestRows:
    def test_a_calls_streams_are_summed_and_those_of_older_processes_have_none(self):
        write([started(), ended(stt_streams=2, stt_stream_s=61, one_shots=1, one_shot_s=3)])
        call = Call.objects.get()
        call.streams["MZ0"] = {"ended_at": timezone.now().isoformat(), "frames_received": 0, "frames_lost": 0}
        call.streams["MZ0"] |= {"speech_ms": 0, "counters": {}}
        call.save()
        write([ended(stt_streams=2, stt_stream_s=61, one_shots=1, one_shot_s=3)])
        call.refresh_from_db()
        assert (call.stt_streams, call.stt_stream_s, call.one_shots, call.one_shot_s) == (2, 61, 1, 3)

    def test_a_line_s_month_is_summed_with_twilios_minutes_rounded_call_by_call(self):
        for sid in ("CA1", "CA2"):
            write([started(sid), ended(sid, stt_streams=1, stt_stream_s=90, one_shots=2, one_shot_s=15)])
            Call.objects.filter(call_sid=sid).update(twilio_duration_s=61)
        write([started("CA3")])
        (row,) = costs.line_months(1)
        assert row.usage == costs.Usage(3, 2, 180, 4, 30, 4)
        assert row.month == timezone.localdate().replace(day=1)
        assert row.cost == Decimal("0.1340")
        assert costs.usage_of(Call.objects.get(call_sid="CA1")) == costs.Usage(1, 1, 90, 2, 15, 2)

    def test_each_engine_costs_its_own_price(self):
        heard = {"stt_stream_s": 300, "one_shot_s": 60, "other_engine_s": {"deepgram": 120, "whisper": 60, "gone": 60}}
        write([started(), ended(stt_streams=3, one_shots=1, **heard)])
        (row,) = costs.line_months(1)
        # Google's two minutes and those of an engine that this version does not know, at Google's price.
        assert row.usage.other_engine_s == {"deepgram": 120, "whisper": 60}
        assert row.cost == 3 * Decimal("0.024") + 2 * Decimal("0.0048")
        call = costs.usage_of(Call.objects.get())
        assert call.other_engine_s == heard["other_engine_s"]
        assert call.cost(costs.DEFAULT) == row.cost
        assert call.other_engines[0] == ("Deepgram Nova-3", 120)

    def test_an_engines_price_is_the_contracts_where_one_is_entered(self):
        price = Price.objects.create(since=date(2026, 3, 1), stt_minute=1, twilio_minute=0, stream_minute=0)
        price.engines.create(engine="soniox", minute=Decimal("0.5"))
        prices = costs.prices_now()
        assert prices.engine_minute("soniox") == Decimal("0.5")
        assert prices.engine_minute("deepgram") == Decimal("0.0048")
        Price.objects.update(currency="ILS")
        prices = costs.prices_now()
        assert prices.engine_minute("soniox") == Decimal("0.5")
        # A list price in dollars is no price in shekels; what runs on this machine costs nothing in any.
        assert prices.engine_minute("deepgram") == 1
        assert "Deepgram Nova-3" in prices.unpriced and "Soniox v5" not in prices.unpriced
        assert prices.engine_minute("whisper") == 0

    def test_a_price_is_of_whole_months_of_a_known_currency_and_none_is_below_nothing(self):
        right = {"since": date(2026, 3, 1), "stt_minute": 1, "twilio_minute": 0, "stream_minute": 0, "currency": "ILS"}
        Price(**right).full_clean()
        for name, wrong in (("since", date(2026, 3, 2)), ("currency", "ils"), ("currency", "₪"), ("stt_minute", -1)):
            with pytest.raises(ValidationError) as refused:
                Price(**{**right, name: wrong}).full_clean()
            assert list(refused.value.error_dict) == [name]
        price = Price.objects.create(**right)
        price.engines.create(engine="soniox", minute=1)
        for engine, minute in (("soniox", 2), ("deepgram", -5)):
            with pytest.raises(ValidationError):
                EnginePrice(price=price, engine=engine, minute=minute).clean()

    def test_each_page_counts_a_month_by_the_price_of_its_first_day(self):
        Price.objects.create(since=date(2026, 3, 2), stt_minute=9, twilio_minute=0, stream_minute=0)
        assert costs.prices_on(date(2026, 3, 31)) == costs.DEFAULT
        assert costs.prices_on(date(2026, 4, 1)).stt == 9

    def test_what_two_streams_heard_with_other_engines_is_added_up(self):
        write([started(), ended(stt_stream_s=9, other_engine_s={"soniox": 4})])
        write([CallStarted("CA1", "MZ2", timezone.now(), to_number=LINE)])
        write([ended(stream="MZ2", stt_stream_s=7, other_engine_s={"soniox": 1, "deepgram": 2, "bad": "x"})])
        assert Call.objects.get().other_engine_s == {"soniox": 5, "deepgram": 2, "bad": 0}

    def test_answers_cost_what_they_used(self):
        write([started(), ended(reply_tokens=1_000_000, reply_characters=2_000_000)])
        (row,) = costs.line_months(1)
        assert (row.usage.tokens, row.usage.characters) == (1_000_000, 2_000_000)
        assert row.cost == costs.DEFAULT.tokens + 2 * costs.DEFAULT.characters
        Price.objects.create(since=date(2026, 3, 1), stt_minute=0, twilio_minute=0, stream_minute=0, million_tokens=7)
        (row,) = costs.line_months(1)
        assert row.cost == 7 + 2 * costs.DEFAULT.characters
        assert costs.usage_of(Call.objects.get()) == row.usage

    def test_a_contracts_price_holds_from_its_month_on(self):
        Price.objects.create(since=date(2026, 3, 1), stt_minute=1, twilio_minute=0, stream_minute=0, currency="ILS")
        prices = costs._prices()
        assert prices(date(2026, 2, 1)) == costs.DEFAULT
        assert (prices(date(2026, 3, 1)).stt, prices(date(2026, 4, 1)).currency) == (1, "ILS")

    def test_older_months_are_not_read(self):
        write([started(at=timezone.now() - timedelta(days=70)), ended(stt_stream_s=60)])
        assert costs.line_months(1) == []
        assert len(costs.line_months(4)) == 1

    def test_a_ceiling_that_is_reached_alarms_and_the_next_month_ends_it(self):
        line = PhoneLine.objects.create(
            number=LINE, name="x", profile=TuningProfile.objects.create(name="p"), monthly_ceiling=Decimal("0.02")
        )
        write([started(), ended(stt_stream_s=40)])
        assert costs.ceilings() == {(LINE, Trouble.COST): Verdict.WELL}
        write([started("CA2"), ended("CA2", stt_stream_s=20)])
        assert costs.ceilings() == {(LINE, Trouble.COST): Verdict.TROUBLED}
        settle(costs.ceilings())
        line.monthly_ceiling = None
        line.save()
        Alarm.objects.update(seen_at=timezone.now() - timedelta(seconds=CLEAR_AFTER_S + 1))
        settle(costs.ceilings())
        assert Alarm.objects.get().over_at is not None

    def test_the_pages_say_who_heard_how_much(self, admin_client):
        write([started(), ended(stt_stream_s=300, other_engine_s={"soniox": 240})])
        page = admin_client.get(reverse("console:costs")).content.decode()
        assert "<bdi>Soniox v5</bdi> 4.0<" in page
        assert re.search(r'<bdi>Deepgram Nova-3</bdi>[^<]*</dt><dd><bdi dir="ltr">0.0048 USD</bdi>', page)
        assert "<bdi>Soniox v5</bdi> 240" in admin_client.get(reverse("console:call", args=["CA1"])).content.decode()

    def test_engines_are_called_as_elsewhere_on_the_page(self, admin_client):
        for page in ("console:costs", "admin:calls_price_add"):
            assert "Whisper, על השרת הזה" in admin_client.get(reverse(page)).content.decode()

    def test_other_engines_prices_are_entered_beside_the_contracts(self, admin_client):
        price = {
            "since": "2026-03-01",
            "currency": "USD",
            "stt_minute": "1",
            "twilio_minute": "0",
            "stream_minute": "0",
        }
        price |= {"million_tokens": "1", "million_characters": "1"}
        inline = {"engines-TOTAL_FORMS": "1", "engines-INITIAL_FORMS": "0", "engines-0-minute": "0.001"}
        add = reverse("admin:calls_price_add")
        refused = admin_client.post(add, {**price, **inline, "engines-0-engine": "google"})
        assert refused.status_code == 200
        assert not Price.objects.exists()
        assert admin_client.post(add, {**price, **inline, "engines-0-engine": "whisper"}).status_code == 302
        assert costs.prices_now().engines == {"whisper": Decimal("0.001")}

    def test_the_page_has_a_row_a_line_and_says_where_the_prices_are_from(self, admin_client):
        write([started(), ended(stt_stream_s=600)])
        PhoneLine.objects.create(name="מכירות", number=LINE, profile=TuningProfile.objects.create(name="p"))
        page = admin_client.get(reverse("console:costs")).content.decode()
        assert f'<bdi>מכירות</bdi> <bdi dir="ltr" class="at">{LINE}</bdi>' in page
        assert "2026" in page
        assert admin_client.get(reverse("console:costs") + "?months=x").status_code == 200

    def test_each_months_sum_and_that_of_all_stand_below_in_each_currency(self, admin_client):
        this, page = timezone.localdate().replace(day=1), reverse("console:costs")
        assert "<tfoot>" not in admin_client.get(page).content.decode()
        for sid, to in (("CA1", LINE), ("CA2", "+97235550100")):
            write([replace(started(sid), to_number=to), ended(sid, stt_stream_s=600)])
        row = '<td>כל הקווים</td><td class="money"><bdi dir="ltr">{} {}</bdi></td><td></td><td>{}</td>'
        shown = admin_client.get(page).content.decode()
        assert shown.count("כל הקווים") == shown.count(row.format("0.48", "USD", 2)) == 1
        before = this - timedelta(days=1)
        write([started("CA3", timezone.now() - (timezone.localdate() - before)), ended("CA3", stt_stream_s=60)])
        Price.objects.create(since=this, currency="ILS", stt_minute=1, twilio_minute=0, stream_minute=0)
        of_months = [costs.Total(this, "ILS", Decimal(20), 2)]
        of_months += [costs.Total(before.replace(day=1), "USD", Decimal("0.024"), 1)]
        of_all = [costs.Total(None, one.currency, one.cost, one.calls) for one in of_months]
        assert costs.totals(costs.line_months(2)) == of_months + of_all
        assert "כל החודשים האלה" in admin_client.get(page).content.decode()


def test_months_begin_at_midnight_in_israel(monkeypatch):
    monkeypatch.setattr(costs.timezone, "localdate", lambda: date(2026, 2, 15))
    assert costs._begin(1).astimezone(UTC) == datetime(2026, 1, 31, 22, tzinfo=UTC)
    assert costs._begin(3).date() == date(2025, 12, 1)


async def test_only_streams_that_opened_are_billed_each_rounded_up():
    from random import Random

    streams = []

    def open_stream(deliver):
        streams.append(FakeStream(deliver))
        return streams[-1]

    hearing = Transcriber(open_stream, Tuning(), lambda event: None, Breaker(Random(1)))
    hearing.start()
    for i in range(60):
        hearing.feed(bytes(160), i * 20)
    assert hearing.billed == Billed()
    streams[0].opens()
    assert hearing.billed == Billed(1, {"": 2})
    hearing.renew(1200, [(700 + i * 20, bytes(160)) for i in range(25)])
    streams[1].opens()
    assert hearing.billed == Billed(2, {"": 3})
    hearing.close()
