"""Words of the admin for what other modules name by a code or in English: events, scopes.

Here so that they are among the messages that are translated (`tools/messages.py`).
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: Mapping[str, str | Promise] = {
    "amended": _("amended"),
    "assist_answered": _("assistance given"),
    "assist_asked": _("assistance asked for"),
    "attached": _("file attached"),
    "attachment_erased": _("file erased"),
    "callback_attempted": _("call-back attempted"),
    "callback_ended": _("call-back ended"),
    "callback_link_made": _("link of a call-back made"),
    "claim_decided": _("claim decided"),
    "claim_lapsed": _("claim lapsed"),
    "claim_reviewed": _("claim reviewed"),
    "claim_withdrawn": _("claim withdrawn"),
    "claimed": _("claimed"),
    "classified": _("classified"),
    "consultation_closed": _("consultation closed"),
    "consultation_lapsed": _("consultation lapsed"),
    "consultation_opened": _("consultation opened"),
    "contact_recorded": _("contact recorded"),
    "dispatched": _("dispatched"),
    "disposed": _("ended without dispatch"),
    "erased": _("erased"),
    "escalated": _("escalated"),
    "escalation_answered": _("escalation answered"),
    "extension_asked": _("extension asked for"),
    "extension_decided": _("extension decided"),
    "extension_lapsed": _("extension lapsed"),
    "fell_due": _("call-back fell due"),
    "feedback_submitted": _("feedback given"),
    "interim_reported": _("interim report"),
    "objected": _("objected"),
    "objection_lapsed": _("objection lapsed"),
    "objection_refused": _("objection refused"),
    "objection_upheld": _("objection upheld"),
    "opinion_given": _("opinion given"),
    "parking_ended": _("parking ended"),
    "received": _("received"),
    "recomputed": _("deadline recomputed"),
    "redispatched": _("dispatched again"),
    "redone": _("redo"),
    "returned": _("returned"),
    "revealed": _("personal data revealed"),
    "signed": _("signed"),
    "started": _("in progress"),
    "supervision_answered": _("supervision answered"),
    "supervision_raised": _("supervision raised"),
    "unit_merged": _("unit merged"),
    "waited": _("waiting for the caller ended"),
    "waiting": _("waiting for the caller"),
    "whistle_blown": _("whistle blown"),
    "whistle_ended": _("whistle ended"),
    "whistle_marked": _("whistle marked"),
    "whistle_reported": _("whistle answered"),
}
"""The kinds of events in words; a kind that is not here is shown as it is."""

SCOPES: Mapping[str, str | Promise] = {
    "intake": _("bring demands in, with their attachments"),
    "read": _("read cases, units, places and the directory"),
    "feed": _("follow the changes of one's own cases"),
    "dispatch": _("classify, answer without a unit, dispatch, decide objections and extensions"),
    "handle": _("do what a unit does with a case"),
    "callbacks": _("work off the queue of call-backs"),
    "claims": _("claim, review and decide exclusions, parking and appeals"),
    "personal": _("reveal who a resident is, with a reason"),
    "history": _("read the events of a case"),
    "webhooks": _("register addresses that are told of events"),
}
"""What a key may be made for, as `api_keys.SCOPES` says it."""
