import pytest

pytest.register_assert_rewrite("tests.calls.reply.voices.contract")
