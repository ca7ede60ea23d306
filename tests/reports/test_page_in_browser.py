"""The page in a real browser: no text acts, nothing sticks out on a phone, and choices work without a script."""

from __future__ import annotations

import re

import pytest

from salience.reports import page
from tests.reports import sample
from tests.reports.browser import probe
from tests.reports.test_page import ATTACKS

_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')


def test_no_attack_runs_even_without_the_security_policy(tmp_path):
    html = {name: page.html(sample.hostile(attack)) for name, attack in ATTACKS.items()}
    unprotected = {name: _POLICY.sub("", text) for name, text in html.items()}
    assert all(unprotected[name] != html[name] for name in html)
    # A page that does act shows that an attack would have been seen.
    unprotected["control"] = "<script>parent.pwned=1;document.title='pwned'</script>"
    found = probe(
        tmp_path,
        unprotected,
        """
        const found = {};
        for (const name of Object.keys(pages)) {
          window.pwned = 0;
          const view = await open_(name, 800);
          found[name] = [window.pwned, view.document.title === "pwned", view.document.scripts.length];
          view.frameElement.remove();
        }
        return found;
        """,
    )
    assert found.pop("control") == [1, True, 1]
    assert found == {name: [0, False, 1] for name in ATTACKS}


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What the browser saw of the sample pages, in one visit: their policy is in force."""
    makers = {"english": sample.english, "chinese": sample.chinese, "tickets": sample.tickets, "bare": sample.bare}
    html = {name: page.html(make()) for name, make in makers.items()}
    html["hostile"] = page.html(sample.hostile("w" * 300 + "\u202eRTL"))
    html["long"] = page.html(sample.many(2, words=3000))
    return probe(
        tmp_path_factory.mktemp("browser"),
        html,
        """
        const found = {overflow: {}, shown: {}};
        for (const name of Object.keys(pages)) for (const width of [360, 1280]) {
          const root = (await open_(name, width)).document.documentElement;
          found.overflow[`${name} ${width}`] = root.scrollWidth - root.clientWidth;
        }
        const view = await open_("english", 1280), page = view.document;
        const visible = (css) => [...page.querySelectorAll(css)].filter((each) => each.checkVisibility()).length;
        found.font = view.getComputedStyle(page.querySelector(".text")).whiteSpace;
        found.texts = [...page.querySelectorAll(".view.by-1 .text")].map((each) => each.textContent);
        found.shown.first = [1, 2, 3, 4].map((number) => visible(`.example .view.by-${number} .text`));
        page.querySelector("#method-3").click();
        found.shown.third = [1, 2, 3, 4].map((number) => visible(`.example .view.by-${number} .text`));
        page.querySelector("#which-wrong").click();
        found.shown.wrong = visible(".example");
        const controls = [...page.querySelectorAll("a, input, summary, [tabindex]")];
        found.reached = controls.every((each) => each.tabIndex === 0);
        return found;
        """,
    )


def test_nothing_sticks_out_on_a_phone_or_on_a_desk(seen):
    assert {name: over for name, over in seen["overflow"].items() if over > 0} == {}


def test_the_own_style_is_applied_under_its_policy(seen):
    assert seen["font"] == "pre-wrap"


def test_texts_arrive_to_the_letter(seen):
    assert seen["texts"] == [shown.cells["review"] for shown in sample.english().examples]


def test_methods_and_mistakes_are_chosen_without_a_script(seen):
    assert seen["shown"]["first"] == [6, 0, 0, 0]
    assert seen["shown"]["third"] == [0, 0, 6, 0]
    assert seen["shown"]["wrong"] == sum(shown.correct is False for shown in sample.english().examples)


def test_every_control_is_reached_by_keyboard(seen):
    assert seen["reached"]
