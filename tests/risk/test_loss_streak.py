from decimal import Decimal

import pytest

from tests.builders import NOW, a_book, a_buy, a_sell, minutes
from trader.risk.rules.loss_streak import LossStreak

THREE = LossStreak(max_losses_in_a_row=3, pause_minutes=Decimal(60))


@pytest.mark.req("PACE")
@pytest.mark.parametrize(
    ("losses", "minutes_ago", "passes"),
    [
        pytest.param(0, None, True, id="none"),
        pytest.param(2, 1, True, id="one short"),
        pytest.param(3, 59, False, id="three: pause"),
        pytest.param(3, 60, True, id="pause over"),
        pytest.param(4, 1, False, id="and once more"),
        pytest.param(3, None, False, id="nobody knows when: pause"),
    ],
)
def test_entries_pause_after_losses_in_a_row(losses, minutes_ago, passes):
    last = None if minutes_ago is None else NOW - minutes(minutes_ago)
    book = a_book(losses_in_a_row=losses, last_loss_at=last)

    objection = THREE.check(a_buy(), book)

    assert (objection is None) is passes
    assert objection is None or (objection.observed, objection.limit, objection.permitted_usd) == (losses, 3, 0)


@pytest.mark.req("PACE")
def test_exits_do_not_pause():
    assert THREE.check(a_sell(), a_book(losses_in_a_row=9, last_loss_at=NOW)) is None
