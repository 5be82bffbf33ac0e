import pytest

pytest.register_assert_rewrite("tests.stt.engines.contract")
