"""
The bugs that were found while this was built, and what brings each of them back (R20).

Whoever mends a bug of execution, state or clock adds a line: the fault that plants it again, the smallest seed whose
world it breaks, and a story that tells it in a few cycles.  `test_found.py` lives through all of them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bug:
    """
    *what* went wrong, until it was mended; *mutant* is the planted fault (`mutants.FAULTS`) that does it again.

    At least one of *seed* and *story* (`scenarios.BY_NAME`); where one is missing, *why* says why nobody can give it.
    """

    what: str
    mutant: str
    seed: int | None = None
    story: str = ""
    why: str = ""


NO_SEED = (
    "what it takes is drawn in none of the first 260 seeds: their climates seldom have it, and nothing else with it"
)
NO_STORY = "it takes several things in one second, drawn delays among them; a story of one thing each does not meet it"

FOUND = (
    Bug(
        "a kill that came while `sent` was being committed was read before it, and the order left",
        "nobody_looks_after_the_commit",
        seed=9,
        why=NO_STORY,
    ),
    Bug(
        "a working BUY was reserved at its limit while the market stood above it, and the cap was passed when it "
        "filled",
        "working_orders_stay_at_their_limit",
        seed=6,
        why=NO_STORY,
    ),
    Bug(
        "balances that knew of a fill before the list of fills did were taken for money that is missing, and halted",
        "a_fill_on_its_way_halts",
        seed=15,
        why=NO_STORY,
    ),
    Bug(
        "a death between the commit that names a stranger's order and the one that halts lost the halt",
        "a_stranger_halts_in_a_commit_of_its_own",
        story="a death right after a purchase in the app is noted",
        why=NO_SEED,
    ),
    Bug(
        "a stop that made way for an exit that never left was asked for once, refused, and not asked for again",
        "an_exit_that_does_not_leave_leaves_no_stop",
        seed=191,
        story="an exit turned away twice above a stop",
    ),
    Bug(
        "an order id that the venue acknowledged and never had was waited for without end",
        "an_acknowledgement_of_nothing_stays_open",
        seed=19,
        story="an acknowledgement of nothing",
    ),
    Bug(
        "the order id of another's order was taken for ours, and asked to end under kill",
        "the_id_of_an_acknowledgement_is_believed",
        story="kill above an order of another name",
        why=NO_SEED,
    ),
    Bug(
        "an order that was refused here and rests there was nobody's concern",
        "what_is_over_here_may_work_there",
        story="a stop that was refused and rests",
        why=NO_SEED,
    ),
    Bug(
        "such an order was told of and left to work",
        "what_is_over_here_and_works_there_is_only_told",
        story="a stop that was refused and rests",
        why=NO_SEED,
    ),
    Bug(
        "a turn, a name or a handshake was waited for between the last look and the first byte, and what it would "
        "have seen was not",
        "the_last_look_ends_before_the_first_byte",
        seed=9,
        why=NO_STORY,
    ),
    Bug(
        "money that went missing while an order worked was not noticed until it ended",
        "working_orders_explain_any_difference",
        story="a withdrawal while an entry rests",
        why=NO_SEED,
    ),
    Bug(
        "what a working order had spent kept every entry back",
        "working_orders_explain_nothing",
        seed=2,
        story="a fill that is told after a later one",
    ),
    Bug(
        "a SELL that its strategy says once and a disturbance kept back was never sold",
        "what_did_not_leave_is_forgotten",
        seed=0,
        story="an exit refused",
    ),
    Bug(
        "asking again for a part of what was not sold gave up the part that a stop of ours claimed and did not sell",
        "what_is_out_of_reach_is_forgotten",
        seed=2356,
        story="half an exit and the stop of the rest are lost",
    ),
    Bug(
        "an entry left by a clock that nothing vouched for",
        "entries_leave_by_any_clock",
        seed=41,
        why=NO_STORY,
    ),
    Bug(
        "where stops end slowly an exit was given up before it could leave, in every cycle anew",
        "an_exit_does_not_wait_for_a_stop_that_ends_slowly",
        seed=47,
        why=NO_STORY,
    ),
    Bug(
        "a stop was asked to end for a larger one that a halt had already forbidden",
        "a_halt_takes_stops_away",
        story="a stranger while more is bought above a stop",
        why=NO_SEED,
    ),
    Bug(
        "a stop was asked to end for an exit that its last look then kept back",
        "a_stop_steps_aside_for_what_may_not_leave",
        seed=15,
        story="a stop that rests",
    ),
    Bug(
        "what a BUY filled after its end was recorded, and no stop was asked for",
        "what_is_bought_late_has_no_stop",
        story="an entry that was refused and fills",
        why=NO_SEED,
    ),
    Bug(
        "the follow-up of a maker entry left during a cooldown",
        "what_goes_on_forgets_the_cooldown",
        seed=2,
        why=NO_STORY,
    ),
    Bug(
        "a fill that was told after a later one set the cooldown back to its own time",
        "a_fill_told_late_turns_the_cooldown_back",
        story="a fill that is told after a later one",
        why=NO_SEED,
    ),
    Bug(
        "fees that rose during a run were never noticed",
        "fees_are_asked_for_once",
        seed=28,
        why=NO_STORY,
    ),
    Bug(
        "after a death a cycle took the last mark for a look at the venue, and decided blind",
        "the_venue_was_read_when_it_was_last_marked",
        story="a purchase while nobody answers, and a death",
        why=NO_SEED,
    ),
    Bug(
        "a cycle decided before it had taken in what the venue says of the orders it knows",
        "a_cycle_does_not_take_in",
        seed=0,
        story="a withdrawal before anybody has looked",
    ),
    Bug(
        "a cycle that was begun again after a death did not look again",
        "a_second_attempt_does_not_take_in",
        seed=5,
        story="a cycle begun twice",
    ),
    Bug(
        "what a cycle bought stood without a stop until the next one",
        "what_was_bought_has_its_stop_a_cycle_later",
        seed=15,
        story="a stop that rests",
    ),
    Bug(
        "a fill that the venue takes back was counted as one more",
        "a_reversal_is_not_told",
        story="a fill is reversed",
        why=NO_SEED,
    ),
)
