"""The states of a case and what is done with it, in words: for refusals, and for who reads a case.

Every state and move of `core.lifecycle`, every action of `cases.scopes`; a test holds them
together.
"""

from collections.abc import Mapping

from jiesu.core.lifecycle import MoveRefused, State
from jiesu.core.texts import Text

STATE_WORDS: Mapping[str, Text] = {
    State.RECEIVED: Text("received"),
    State.CLASSIFIED: Text("classified"),
    State.ANSWERED: Text("answered at once"),
    State.REFERRED: Text("referred"),
    State.DECLINED: Text("declined"),
    State.DISPATCHED: Text("dispatched"),
    State.SIGNED: Text("signed"),
    State.CONTACTED: Text("contacted"),
    State.IN_PROGRESS: Text("in progress"),
    State.FEEDBACK_SUBMITTED: Text("feedback given"),
    State.CLOSED: Text("closed"),
    State.ARCHIVED: Text("archived"),
}

ACTION_WORDS: Mapping[str, Text] = {
    "receive": Text("receive a demand"),
    "amend": Text("amend a case"),
    "classify": Text("classify"),
    "dispose": Text("end without a dispatch"),
    "answer": Text("answer at once"),
    "refer": Text("refer"),
    "decline": Text("decline"),
    "dispatch": Text("dispatch to a unit"),
    "redispatch": Text("dispatch again"),
    "consult": Text("consult units"),
    "give_opinion": Text("give an opinion"),
    "object": Text("object"),
    "return": Text("return to the city"),
    "decide_objection": Text("decide an objection"),
    "sign": Text("sign"),
    "contact": Text("record a contact"),
    "start": Text("start to work"),
    "submit_feedback": Text("submit feedback"),
    "report": Text("report in between"),
    "wait": Text("wait for the caller"),
    "ask_assist": Text("ask for assistance"),
    "answer_assist": Text("answer for assistance"),
    "whistle": Text("blow the whistle"),
    "report_whistle": Text("report at a whistle"),
    "end_whistle": Text("end a whistle"),
    "mark_whistle": Text("mark the street of a whistle"),
    "escalate": Text("escalate"),
    "answer_escalation": Text("answer an escalation"),
    "ask_extension": Text("ask for an extension"),
    "decide_extension": Text("decide an extension"),
    "recompute": Text("recompute deadlines"),
    "claim": Text("claim an exclusion, parking or an appeal"),
    "withdraw_claim": Text("withdraw a claim"),
    "review_claim": Text("review a claim"),
    "decide_claim": Text("decide a claim"),
    "end_parking": Text("end a parking"),
    "take_callback": Text("take a call-back"),
    "record_attempt": Text("record an attempt to call back"),
    "record_callback": Text("record a call-back"),
    "send_link": Text("make the link of a call-back"),
    "see_callback": Text("see a call-back"),
    "close": Text("close"),
    "redo": Text("have it redone"),
    "supervise": Text("raise supervision"),
    "answer_supervision": Text("answer a supervision"),
    "attach": Text("attach a file"),
    "read_evidence": Text("read evidence"),
    "reveal": Text("reveal who asked"),
    "see_history": Text("see the history"),
    "erase": Text("erase"),
    "archive": Text("archive"),
    "manage_units": Text("manage units"),
    "manage_directory": Text("manage the directory"),
    "see_cases": Text("see cases"),
    "see_rules": Text("see the rules"),
    "see_figures": Text("see the figures"),
    "follow": Text("follow changes"),
    "register_webhook": Text("register a webhook"),
    "make_api_key": Text("make a key"),
}


def refused_move(error: MoveRefused) -> Text:
    """Why a move was refused."""
    return Text(
        "a case that is {state} does not allow this: {move}",
        state=STATE_WORDS[error.state],
        move=ACTION_WORDS[error.move],
    )
