"""The emulated service: accounts, tasks, files and fault rules, and their interaction."""

import dataclasses
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

from providers.jimeng.catalogue import ImageModel
from providers.jimeng.emulator.accounts import Account, AccountBook
from providers.jimeng.emulator.clock import Clock
from providers.jimeng.emulator.drafts import Draft, Material
from providers.jimeng.emulator.faults import Rule, RuleBook, Subject
from providers.jimeng.emulator.options import Options
from providers.jimeng.emulator.reading import invalid
from providers.jimeng.emulator.results import Results
from providers.jimeng.emulator.statistics import Statistics
from providers.jimeng.emulator.tasks import FAILED, KINDS, REJECTED, REVIEW_CODES, SUCCESS, Outcome, Task, TaskBook
from providers.jimeng.emulator.uploads import Upload, UploadBook
from providers.offline import OfflineProvider
from providers.offline.sizes import clip_size

_PRE_REJECTED = 10
_INPUT_CODES = frozenset({"1063", "2003", "2005", "2038", "2047"})
_PRICED_SECONDS = 5


class Service:
    """Keeps its state in memory and its files in a temporary folder. render_limit: concurrent drawings."""

    def __init__(
        self,
        options: Options | None = None,
        accounts: Sequence[Account] = (),
        rules: Sequence[Rule] = (),
        *,
        clock: Clock | None = None,
        render_limit: int = 1,
    ) -> None:
        self.options = options or Options()
        self.clock = clock or Clock()
        self.accounts = AccountBook(accounts)
        self.rules = RuleBook(self.options.seed, rules)
        self.tasks = TaskBook()
        self._folder = tempfile.TemporaryDirectory(prefix="jimeng-emulator-")
        folder = Path(self._folder.name)
        self.uploads = UploadBook(_made(folder / "uploads"))
        self.results = Results(_made(folder / "results"), OfflineProvider(render_limit, 600.0), self.options)
        self.statistics = Statistics(self.clock.now())
        self._next_history_id = int(self.clock.now() * 1000)

    def settle(self, now: float) -> None:
        """Advances all tasks to `now`, including refunds of failed ones."""
        slots = {kind: self.options.slots_for(kind) for kind in KINDS}
        for task in self.tasks.settle(now, slots=slots):
            if task.end == "FAILED" and task.outcome.refunds:
                self._refund(task)

    def rule_for(self, subject: Subject, now: float) -> Rule | None:
        return self.rules.rule_for(subject, now - self.statistics.started_at)

    def inputs(self, session: str, draft: Draft) -> list[Upload]:
        """The draft's input pictures. Raises Refusal 1000 unless the account has committed all of them, and the
        materials of mixed references as the draft describes them.
        """
        for material in draft.materials:
            self._check_material(session, material)
        uploads = [self.uploads.committed(session, uri) for uri in draft.uris]
        if any(upload is None for upload in uploads):
            raise invalid("a picture was not uploaded by this account")
        return [upload for upload in uploads if upload is not None]

    def _check_material(self, session: str, material: Material) -> None:
        is_film = material.kind == "VIDEO"
        find = self.uploads.committed_film if is_film else self.uploads.committed
        upload = find(session, material.uri)
        if upload is None:
            raise invalid(f"a {'film' if is_film else 'picture'} of material_list was not uploaded by this account")
        if (material.width or material.height) and (material.width, material.height) != (upload.width, upload.height):
            raise invalid("width and height of a material are not those that its upload was answered with")
        if is_film and material.duration_ms != upload.duration_ms:
            raise invalid("the duration of a film is not that which its upload was answered with, in milliseconds")

    def submit(self, account: Account, draft: Draft, now: float) -> Task:
        """Accepts a task and charges its price. A known submit_id returns the existing task, if `deduplicates` is set.

        Raises Refusal 1000, 1006, 1018, 1310 or 4010, without a charge.
        """
        known = self.tasks.by_submit(account.session, draft.submit_id)
        if known is not None and self.options.deduplicates:
            known.times_submitted += 1
            return known
        account.check_state()
        uploads = self.inputs(account.session, draft)
        self.tasks.check_limit(account.session, draft.kind, account.limit_for(draft.kind))
        price = self.price(draft)
        account.charge(price, now=now, title=draft.model.name, submit_id=draft.submit_id)
        task = self._new_task(account, _shaped(draft, uploads), price, now)
        self.tasks.take(task, slots=self.options.slots_for(draft.kind))
        self.results.begin(task, self.input_paths(task))
        return task

    def input_paths(self, task: Task) -> list[Path]:
        pictures = [material.uri for material in task.draft.materials if material.kind == "IMAGE"]
        uploads = [self.uploads.get(uri) for uri in task.draft.uris or pictures]
        return [upload.path for upload in uploads if upload is not None and upload.path is not None]

    def cancel(self, task: Task, now: float) -> None:
        """Cancels and refunds a task. Raises Refusal 1000 if it has ended."""
        self.tasks.cancel(task, now, slots=self.options.slots_for(task.draft.kind))
        self._refund(task)

    def price(self, draft: Draft) -> int:
        """The price by the catalogue, else by the nearest known price of the model, else by the options."""
        model, credits = draft.model, draft.model.credits
        if isinstance(model, ImageModel):
            each = model.credits.get(draft.resolution, next(iter(model.credits.values()), self.options.picture_credits))
            return each * draft.count
        resolution = draft.resolution if model.resolutions else ""
        exact = model.credits.get((resolution, draft.seconds))
        if exact is not None:
            return exact
        if credits and (base := model.credits.get((resolution, _PRICED_SECONDS))) is not None:
            return -(-base * draft.seconds // _PRICED_SECONDS)
        return self.options.clip_credits_per_second * draft.seconds

    async def reset(self) -> None:
        """Restores the initial state: no tasks or files, initial accounts, rule counts reset."""
        await self.results.clear()
        self.tasks = TaskBook()
        self.uploads.clear()
        self.accounts.reset()
        self.rules.forget()
        self.statistics = Statistics(self.clock.now())

    async def close(self) -> None:
        await self.results.clear()
        self._folder.cleanup()

    def _new_task(self, account: Account, draft: Draft, price: int, now: float) -> Task:
        self._next_history_id += 1
        subject = Subject("task", account.session, account.site, draft.kind, draft.model.name, draft.prompt)
        rule = self.rule_for(subject, now)
        chance = random.Random(f"{self.options.seed}:task:{len(self.tasks)}")
        hidden = (rule and rule.hidden_seconds) or self.options.visible_after_seconds
        work = rule.work_seconds if rule and rule.work_seconds is not None else self.options.seconds_for(draft.kind)
        return Task(
            history_id=str(self._next_history_id),
            number=len(self.tasks) + 1,
            session=account.session,
            site=account.site,
            draft=draft,
            created_at=now,
            visible_at=now + chance.uniform(*hidden),
            work_seconds=work * (1 + chance.uniform(-self.options.jitter, self.options.jitter)),
            charge=price,
            outcome=_outcome(rule),
            missing_at=(now + rule.missing_seconds[0], now + rule.missing_seconds[1])
            if rule and rule.missing_seconds
            else None,
        )

    def _refund(self, task: Task) -> None:
        account = self.accounts.get(task.session)
        task.refund = task.charge
        if account is not None:
            account.refund(task.charge, now=task.ended_at or task.created_at, submit_id=task.submit_id)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _shaped(draft: Draft, uploads: Sequence[Upload]) -> Draft:
    """Gives a clip the shape of its first frame."""
    if draft.kind == "IMAGE" or not uploads:
        return draft
    width, height = clip_size(None, draft.resolution, (uploads[0].width, uploads[0].height))
    return dataclasses.replace(draft, width=width, height=height)


def _outcome(rule: Rule | None) -> Outcome:
    """The outcome of a task by the rule. Tasks refused by review are refunded unless the rule says otherwise."""
    if rule is None:
        return Outcome()
    is_review = rule.fail_code in REVIEW_CODES
    by_code = (_PRE_REJECTED if rule.fail_code in _INPUT_CODES else REJECTED) if is_review else FAILED
    return Outcome(
        fail_code=rule.fail_code,
        message=rule.message,
        task_status=rule.task_status if rule.task_status is not None else by_code,
        at_fraction=rule.at_fraction,
        items=rule.items,
        refunds=is_review if rule.refunds is None else rule.refunds,
        has_links=rule.has_links,
        links_after_seconds=rule.links_after_seconds,
        shape=rule.shape,
        end_status=SUCCESS if rule.end_status is None else rule.end_status,
        has_finish_time=rule.has_finish_time,
        dead_items=frozenset(rule.dead_items),
    )
