from calls.reply.dialogue_format import Route
from calls.reply.items import HangUp
from tests.calls.reply.dialogues import script


def test_a_route_ends_the_call_or_leads_to_a_step():
    assert Route((HangUp(),)).ends
    assert not Route(step="a").ends


def test_a_question_has_a_way_for_each_value():
    question = script().steps["colour"].question
    assert [act.key for act in question.route("אדום").acts] == ["price"]
    assert question.route("כחול") == Route(step="phone")


def test_a_step_says_where_it_leads():
    routes = dict(script().steps["phone"].routes())
    assert {path: route.step for path, route in routes.items()} == {
        "match": "confirm",
        "no_match": "person",
        "silence": "person",
    }
    assert set(dict(script().steps["confirm"].routes())) == {"match.yes", "match.no", "no_match"}
