"""The only place where everything is put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from actions.services import ActionServices
from bot.business import Business
from bot.settings import ROOT, Settings
from conversations.announcements import Announcer
from conversations.asking import Asker
from conversations.composing import Composer
from conversations.controls import Controls
from conversations.engine import Engine
from conversations.handoffs import Handoffs
from conversations.inbox import Inbox, Pace
from conversations.learning import Learner
from conversations.outbox import Outbox
from conversations.router import Patience, Router
from conversations.turns import TurnsInProgress
from conversations.writing import Writer
from personalization.insights import Insights
from personalization.meaning import Encoder, Meaning, SentenceEncoder
from personalization.replies import ReplyBook
from profiles.database import Database
from profiles.tiers import Tier
from profiles.value import do_decide_tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that runs, once."""

    settings: Settings
    business: Business
    database: Database
    announcer: Announcer
    meaning: Meaning
    insights: Insights
    handoffs: Handoffs
    inbox: Inbox
    outbox: Outbox
    router: Router
    engine: Engine
    actions: ActionServices


def bootstrap(
    settings: Settings,
    business: Business,
    *,
    engine: Engine,
    database: Database | None = None,
    encoder: Encoder | None = None,
    patience: Patience | None = None,
    book: ReplyBook | None = None,
) -> Services:
    """Wire everything; starts nothing and reads no database."""
    company, definitions = business.settings, business.definitions
    database = database or Database(settings.database)
    announcer = Announcer()
    meaning = Meaning(encoder or SentenceEncoder(settings.embedding_model))
    insights = Insights(
        meaning, catalogue=business.catalogue, needs=definitions.needs, knowledge=business.knowledge
    )
    composer = Composer(
        book=book or ReplyBook.read(ROOT / "domain.yml"),
        company=company.name,
        bot_name=company.bot_name,
        incentive_of=lambda tier, language: definitions.treatment.incentive(cast(Tier, tier), language),
    )
    handoffs = Handoffs(
        database=database,
        announcer=announcer,
        engine=engine,
        weight_of=lambda tier: definitions.treatment.tiers[cast(Tier, tier)].queue_weight,
        line=composer.line,
        after_contact=lambda session, customer: do_decide_tier(
            session, customer, definitions, cause="contact"
        ),
        bot_name=company.bot_name,
    )
    learner = Learner(database, insights, definitions.needs)
    controls = Controls(database, handoffs, learner, queue_long_from=company.queue.long_from)
    turns = TurnsInProgress()
    router = Router(
        database=database,
        announcer=announcer,
        engine=engine,
        controls=controls,
        learner=learner,
        asker=Asker(database, definitions.needs, business.catalogue),
        writer=Writer(database, announcer, composer),
        turns=turns,
        patience=patience,
    )
    return Services(
        settings=settings,
        business=business,
        database=database,
        announcer=announcer,
        meaning=meaning,
        insights=insights,
        handoffs=handoffs,
        inbox=Inbox(
            database=database,
            announcer=announcer,
            wake=router.wake,
            default_language=company.default_language,
            pace=Pace(burst=settings.messages_burst, per_s=settings.messages_per_s),
        ),
        outbox=Outbox(database, announcer),
        router=router,
        engine=engine,
        actions=ActionServices(
            database=database,
            turns=turns,
            handoffs=handoffs,
            controls=controls,
            learner=learner,
            insights=insights,
            composer=composer,
            catalogue=business.catalogue,
            definitions=definitions,
            currency=company.currency,
            zone=company.zone,
            recommendations=company.replies.recommendations,
            answer_threshold=company.replies.answer_threshold,
            offer_person_after=company.replies.offer_person_after,
        ),
    )
