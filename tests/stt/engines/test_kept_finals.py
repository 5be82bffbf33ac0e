"""The newest finals of a kind."""

from stt.engines.kept_finals import KEPT, FinalsFigures, KeptFinals


def test_without_finals_there_is_no_median():
    assert KeptFinals().figures() == FinalsFigures(None, 0, 0, 0)
    assert KeptFinals().lacking_share == 0.0


def test_the_last_fifty_count():
    kept = KeptFinals()
    kept.delays_ms.extend([900.0] * KEPT + [300.0] * (KEPT - 1))
    kept.lacking.extend([True, False, False, False])
    assert kept.figures() == FinalsFigures(300.0, KEPT, 4, 1)
    assert kept.lacking_share == 0.25
