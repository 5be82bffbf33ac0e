from tests.calls.desk.review.conftest import call, recording, sign_in  # noqa: F401 - fixtures
