"""Guards of the gateway, and of the link below it."""

from tests.mutants.mutant import Edit, Mutant

GUARD, ATTEMPT, INBOX, UPLINK = "gateway/guard.py", "gateway/attempt.py", "gateway/inbox.py", "gateway/uplink.py"
JOURNAL, READINGS, PLACE = "gateway/journal/journal.py", "gateway/journal/readings.py", "gateway/journal/place.py"
OF_GUARD = ("tests/gateway/test_guard.py",)
OF_JOURNAL = ("tests/gateway/journal/test_journal.py",)
OF_REFUSALS = ("tests/gateway/test_refusals.py",)
OF_PERMITS = ("tests/gateway/test_permits.py",)
OF_BELIEF = ("tests/gateway/test_before_belief.py",)
OF_STORY = ("tests/gateway/test_story.py",)

EDGE: dict[str, Mutant] = {
    "expiry check dropped": Mutant(
        "I3: nothing expired moves a valve",
        GUARD,
        "    if facts.now >= facts.expires_at:\n        return Why.EXPIRED\n",
        "",
        OF_GUARD,
    ),
    "a close on a clock that is not trusted": Mutant(
        "I14: no closure by a wall clock that is not trusted",
        GUARD,
        "    if not facts.clock_trusted:\n        return Why.CLOCK_UNTRUSTED\n",
        "",
        OF_GUARD,
    ),
    "permit without an end": Mutant(
        "P4: a permit lives as long as it says",
        GUARD,
        "facts.permit_until_s is None or facts.boot_s >= facts.permit_until_s",
        "facts.permit_until_s is None",
        OF_GUARD,
    ),
    "no permit needed": Mutant(
        "I1: no closure without a permit",
        GUARD,
        "facts.permit_until_s is None or facts.boot_s",
        "facts.permit_until_s is not None and facts.boot_s",
        OF_GUARD,
    ),
    "gas opened": Mutant(
        "I4: no path opens gas",
        GUARD,
        "if facts.verb is Verb.OPEN and facts.medium in GAS:",
        "if facts.medium not in {*GAS, Medium.WATER} and facts.verb is Verb.OPEN:",
        OF_GUARD,
    ),
    "freeze not in the guard": Mutant(
        "P4: a freeze counts right before the write",
        GUARD,
        "    if facts.frozen:\n        return Why.FROZEN\n",
        "",
        OF_GUARD,
    ),
    "cap not in the guard": Mutant(
        "I5: no closure beyond the gateway's own caps",
        GUARD,
        "    if not facts.cap_free:\n        return Why.CAP\n",
        "",
        OF_GUARD,
    ),
    "superseded not in the guard": Mutant(
        "I3: nothing superseded moves a valve",
        GUARD,
        "    if facts.superseded:\n        return Why.SUPERSEDED\n",
        "",
        OF_GUARD,
    ),
    "a close while the disk refuses": Mutant(
        "Delivery: a disk that refuses closes nothing",
        GUARD,
        "return None if facts.storage_works else Why.STORAGE",
        "return None",
        OF_GUARD,
    ),
    "not asked again after the commit": Mutant(
        "P4: the commit may outlive the permit",
        ATTEMPT,
        "return refusal(self._later(facts))",
        "return None",
        ("tests/gateway/test_attack_bad_days.py", "tests/gateway/test_kill.py", "tests/gateway/test_local_freeze.py"),
    ),
    "a failing commit ignored": Mutant(
        "P11: started is durable before the first byte",
        ATTEMPT,
        "        except StorageError:\n            return Why.STORAGE\n",
        "        except StorageError:\n            pass\n",
        OF_BELIEF,
    ),
    "arm at an open valve": Mutant(
        "G3: an arm only at a valve that was read closed",
        "drivers/mbus.py",
        "    if position is not ValvePosition.CLOSED:\n        raise PlanError(Why.NOT_AS_WANTED",
        "    if position is ValvePosition.FAULT:\n        raise PlanError(Why.NOT_AS_WANTED",
        ("tests/drivers/test_gas.py",),
    ),
    "done without a read-back": Mutant(
        "I9: done is what was read, not what was sent",
        ATTEMPT,
        "    if position in verb.shown_by:\n        return Outcome.DONE, None\n",
        "    if position is not ValvePosition.FAULT:\n        return Outcome.DONE, None\n",
        (*OF_STORY, "tests/gateway/test_kill.py"),
    ),
    "read before late bytes are in": Mutant(
        "P11: after a crash a read counts only act_max_s later",
        ATTEMPT,
        "max(max(since_s, begun_s) + meter.spec.timing.act_max_s - edge.clock.boot(), 0.0)",
        "0.0",
        ("tests/gateway/test_kill.py::test_P11_what_had_started_is_settled_by_reading_after_a_restart",),
        (
            Edit(
                "gateway/bus.py",
                "self._late_until_s = self._clock.boot() + self._timing.act_max_s",
                "self._late_until_s = self._clock.boot()",
            ),
        ),
    ),
    "late bytes not expected": Mutant(
        "I2: a frame let go late moves no other meter",
        "gateway/bus.py",
        "max(self.connected_s + self._timing.slowest_s, self._late_until_s)",
        "self.connected_s + self._timing.slowest_s",
        ("tests/gateway/test_late_bytes.py",),
    ),
    "a nonce used again": Mutant(
        "P3: an answer counts for the request that it answers, once",
        "gateway/permits.py",
        "nonce = self.entropy.token(NONCE_SIZE).hex()",
        'nonce = "00" * NONCE_SIZE',
        OF_PERMITS,
    ),
    "a permit for any command": Mutant(
        "P3: a permit is one command's",
        "gateway/permits.py",
        "asked is None or asked.command != permit.command or asked.future.done()",
        "asked is None or asked.future.done()",
        OF_PERMITS,
    ),
    "permit counted from its arrival": Mutant(
        "P3: a permit's time counts from when it was asked",
        "gateway/permits.py",
        "Granted(opened.digest, asked.boot_s + validity_s)",
        "Granted(opened.digest, self.clock.boot() + validity_s)",
        OF_PERMITS,
    ),
    "a permit as long as the control plane likes": Mutant(
        "P3: no permit lives longer than the gateway's own bound",
        "gateway/permits.py",
        "min(permit.validity_s, LONGEST_VALIDITY_S)",
        "permit.validity_s",
        OF_PERMITS,
    ),
    "a look that does not fence": Mutant(
        "P7: a look durably burns the lower commands that have not started",
        INBOX,
        "            if stale is None:\n                self._burn_lower(task)\n            if refused is not None:\n"
        "                self._refuse_look",
        "            if refused is not None:\n                self._refuse_look",
        ("tests/gateway/test_attack_bad_days.py",),
    ),
    "another gateway's command taken": Mutant(
        "I10: a command is for the gateway that it names",
        INBOX,
        "        if opened.message.gateway != self.edge.gateway:\n            self._refuse_unjournaled(opened",
        "        if not opened.message.gateway:\n            self._refuse_unjournaled(opened",
        OF_REFUSALS,
    ),
    "another meter's command taken": Mutant(
        "I3: a command is for the meter whose plate it names",
        INBOX,
        "        if command.identity != meter.identity:\n            return Why.WRONG_IDENTITY\n",
        "",
        OF_REFUSALS,
        (
            Edit(
                "gateway/worker.py",
                "        if command.identity != self.meter.identity:\n",
                "        if not command.identity.id:\n",
            ),
        ),
    ),
    "an old epoch taken": Mutant(
        "P6: what was sent before the epoch was raised moves nothing",
        INBOX,
        "        if task.number.epoch < self.edge.journal.epoch(task.meter):\n            return Why.OLD_EPOCH\n",
        "",
        (*OF_REFUSALS, "tests/gateway/test_kill.py"),
    ),
    "expired on arrival not refused": Mutant(
        "I3: what has expired is refused with a receipt",
        INBOX,
        "return Why.EXPIRED if self.edge.clock.now() >= command.expires_at else None",
        "return None",
        OF_REFUSALS,
    ),
    "an unsigned acknowledgement believed": Mutant(
        "I7: only the control plane's own word lets a receipt go",
        UPLINK,
        "ack = codec.open_signed(raw, Ack, self.verifier).message",
        "ack = codec.peek(raw, Ack).message",
        OF_BELIEF,
    ),
    "the broker's acknowledgement trusted": Mutant(
        "I7: a receipt is kept and sent until the application holds it",
        UPLINK,
        "                await broker.publish(topics.up(self.edge.gateway, sealed.kind), sealed.raw)\n",
        "                await broker.publish(topics.up(self.edge.gateway, sealed.kind), sealed.raw)\n"
        "                self.edge.journal.acknowledge((sealed.digest,))\n",
        ("tests/gateway/test_outbox_turns.py", *OF_STORY),
    ),
    "birth not awaited": Mutant(
        "Delivery: until its birth is acknowledged a gateway takes nothing",
        UPLINK,
        "        if not self.births.born.is_set():\n            return None\n",
        "",
        OF_BELIEF,
    ),
    "acknowledged though the disk refused": Mutant(
        "I7: what is not durable is not acknowledged",
        UPLINK,
        '                log.error("the disk refuses: nothing is acknowledged, nothing is closed", error=str(error))'
        "  # noqa: TRY400 - the text says it\n                continue\n",
        "                from protocols.uplink.messages import Command\n\n"
        "                log.warning(str(error))\n"
        "                digest = codec.peek(message.payload, Command).digest\n",
        ("tests/gateway/test_attack_bad_days.py",),
    ),
    "mark not durable": Mutant(
        "P7: a number is marked with the command that bears it",
        JOURNAL,
        "            self._raise_mark(task.meter, task.number)\n",
        "",
        OF_JOURNAL,
    ),
    "cap not persisted": Mutant(
        "I5: a use of the caps is durable before the first byte",
        JOURNAL,
        '                self.insert("takings", [row])\n',
        "                del row\n",
        ("tests/gateway/test_caps.py", "tests/gateway/test_caps_in_time.py"),
    ),
    "started twice": Mutant(
        "I2: a command begins once",
        JOURNAL,
        'if found is None or found.state != "received":',
        "if found is None:",
        OF_JOURNAL,
    ),
    "starts not counted outside": Mutant(
        "P6: a journal from a backup is known by what is kept beside it",
        JOURNAL,
        "            self.outside(starts)\n",
        "            pass\n",
        ("tests/gateway/journal/test_place.py",),
    ),
    "chain not linked": Mutant(
        "I9: each account names the one before it",
        JOURNAL,
        'int(self.meta("chain", "0")) + 1, self.meta("head", GENESIS)',
        'int(self.meta("chain", "0")) + 1, GENESIS',
        OF_JOURNAL,
    ),
    "an epoch that falls": Mutant(
        "P6: an epoch never falls",
        JOURNAL,
        "(meter, max(epoch, self.epoch(meter)))",
        "(meter, epoch)",
        OF_JOURNAL,
    ),
    "an old freeze's end heard": Mutant(
        "P4: of two freezes the one with the higher number counts",
        JOURNAL,
        "            if number >= self.freeze()[0]:\n",
        "            if number >= 0:\n",
        (*OF_JOURNAL, *OF_STORY),
    ),
    "forget FULL": Mutant(
        "I7: what was acknowledged outlives the power",
        "gateway/journal/file.py",
        "PRAGMA synchronous = FULL",
        "PRAGMA synchronous = NORMAL",
        ("tests/power/test_crash_points.py",),
    ),
    "a restored journal not known": Mutant(
        "P6: a journal restored to before becomes another one",
        PLACE,
        "    if why is not None:\n        _renew",
        "    if why is not None and not before:\n        _renew",
        ("tests/gateway/journal/test_place.py",),
    ),
    "readings dropped while unacknowledged": Mutant(
        "I7: a reading stays until the control plane holds it",
        READINGS,
        '"boot = ? AND sequence <= ?"',
        '"boot = ? AND sequence >= 0 * ?"',
        ("tests/gateway/journal/test_readings.py",),
    ),
    "another journal's mark believed": Mutant(
        "I7: a mark is for the journal that it names",
        READINGS,
        "        if mark.journal != self._journal.id:\n            return\n",
        "",
        ("tests/gateway/journal/test_readings.py", *OF_STORY),
    ),
    "frame count toggled on a retry": Mutant(
        "I2: a repeat keeps its bit, so a meter acts on it once",
        "protocols/mbus/link.py",
        "        self._next.pop((address, REQ_UD2), None)\n        self._next.pop((address, SND_UD), None)\n",
        "        self.toggle(address, REQ_UD2)\n        self.toggle(address, SND_UD)\n",
        ("tests/protocols/mbus/test_link.py", "tests/protocols/mbus/test_pair.py"),
    ),
    "a clock that jumps is trusted": Mutant(
        "I14: the wall clock is believed only while it runs beside the boot clock",
        "gateway/clockwatch.py",
        "return abs(self.ahead_s() - self._offset_s) + self._drift_s() <= self.max_skew_s",
        "return self._drift_s() <= self.max_skew_s",
        ("tests/gateway/test_clockwatch.py",),
    ),
    "local freeze that can't be looked for": Mutant(
        "P4: a freeze that can't be looked for counts as there",
        "gateway/local_freeze.py",
        "        except OSError:\n            return True\n        return True\n",
        "        except OSError:\n            return False\n        return True\n",
        ("tests/gateway/test_local_freeze.py",),
    ),
    "share of closed meters not counted": Mutant(
        "I5: no more than a share of the meters is closed at once",
        "gateway/caps.py",
        "closed + 1 <= limits.closed_at_once(len(positions) + 1)",
        "closed >= 0",
        ("tests/gateway/test_caps.py",),
    ),
    "any key believed by a gateway": Mutant(
        "I3: nothing is acted on unsigned",
        "protocols/uplink/keys.py",
        "        except InvalidSignature:\n            return False\n",
        "        except InvalidSignature:\n            return True\n",
        (*OF_REFUSALS, "tests/protocols/uplink/test_codec.py"),
    ),
}
