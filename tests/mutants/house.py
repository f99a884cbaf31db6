"""Guards of the house around the orders: its database, its doors, who may ask for what, nothing done twice."""

from tests.mutants.mutant import Edit, Mutant

DB, DOORS, TOKENS = "controlplane/db.py", "controlplane/dispatch/doors.py", "controlplane/access/service.py"
OF_DISPATCH = ("tests/controlplane/dispatch/test_dispatch.py", "tests/controlplane/dispatch/test_strangers.py")
OF_TOKENS = ("tests/controlplane/access/test_tokens.py",)
OF_DB = ("tests/controlplane/test_db.py",)

HOUSE: dict[str, Mutant] = {
    "the house forgets FULL": Mutant(
        "I7: what the house has committed outlives the power",
        DB,
        '"synchronous = FULL"',
        '"synchronous = NORMAL"',
        OF_DB,
    ),
    "writers begin late": Mutant(
        "P1: facts are read only under the fence", DB, 'writes="BEGIN IMMEDIATE"', 'writes="BEGIN"', OF_DB
    ),
    "published before the commit": Mutant(
        "Delivery: what is decided is published only after it was committed",
        "controlplane/writer.py",
        "                for waiting in group:\n                    _attempt(",
        "                self.wake()\n                for waiting in group:\n                    _attempt(",
        ("tests/controlplane/test_writer.py",),
    ),
    "answered before the commit": Mutant(
        "I7: who has asked is answered after the commit",
        "controlplane/writer.py",
        "        for waiting, result in results:\n            waiting.done.set_result(result)\n        self.wake()\n",
        "        self.wake()\n",
        ("tests/controlplane/test_writer.py",),
        (
            Edit(
                "controlplane/writer.py",
                "_attempt(db, waiting, results, alone=len(group) == 1)\n",
                "_attempt(db, waiting, results, alone=len(group) == 1)\n"
                "                for waiting, result in results:\n"
                "                    waiting.done.set_result(result)\n",
            ),
        ),
    ),
    "a gateway speaks for another": Mutant(
        "I10: a gateway speaks for itself",
        DOORS,
        "        if message.gateway != topic.gateway:\n            log.warning",
        "        if not message.gateway:\n            log.warning",
        OF_DISPATCH,
    ),
    "a revoked gateway believed": Mutant(
        "I10: a revoked gateway is believed in nothing",
        DOORS,
        "    if row.revoked_at is not None:\n        return Doubt.REVOKED\n",
        "",
        OF_DISPATCH,
    ),
    "unsigned accounts taken": Mutant(
        "I10: what a gateway says is believed by its own key alone",
        DOORS,
        "opened = codec.open_signed(raw, SIGNED[topic.kind], verifier)",
        "opened = codec.peek(raw, SIGNED[topic.kind])",
        OF_DISPATCH,
    ),
    "readings of any journal": Mutant(
        "I10: readings are believed of the journal that the birth has named",
        DOORS,
        "        if journal not in (None, batch.journal):\n",
        "        if journal is None and batch.journal is None:\n",
        OF_DISPATCH,
    ),
    "receipts never acknowledged": Mutant(
        "I7: the house says what it holds",
        DOORS,
        "codec.Opened(message, opened.digest, opened.keyid), raw)\n"
        "                self._ack(db, topic.gateway, digest=opened.digest)\n            case LookAnswer",
        "codec.Opened(message, opened.digest, opened.keyid), raw)\n            case LookAnswer",
        OF_DISPATCH,
    ),
    "another client's order shown": Mutant(
        "I10: nobody sees what is another client's",
        "controlplane/orders/reading.py",
        "    if row is None or scope not in (None, row.client):\n"
        '        raise NotFoundError("there is no such order")\n',
        '    if row is None:\n        raise NotFoundError("there is no such order")\n',
        ("tests/controlplane/test_routes.py",),
    ),
    "all clients' orders listed": Mutant(
        "I10: a list holds what is one's own",
        "controlplane/orders/reading.py",
        "query = ANY if scope is None else ANY.where(orders.c.client == scope)",
        "query = ANY",
        ("tests/controlplane/orders/test_orders_api.py", "tests/controlplane/test_routes.py"),
    ),
    "another client's point paid": Mutant(
        "I10: nobody acts at another client's point",
        "controlplane/orders/reading.py",
        "    if row is None or scope not in (None, row.client):\n"
        '        raise NotFoundError("there is no such supply point")\n',
        '    if row is None:\n        raise NotFoundError("there is no such supply point")\n',
        ("tests/controlplane/credit/test_payments.py", "tests/controlplane/test_routes.py"),
    ),
    "a revoked token works": Mutant(
        "I10: a revoked token opens nothing",
        TOKENS,
        "not same or row.revoked_at is not None or (row.expires_at or now) < now",
        "not same or (row.expires_at or now) < now",
        OF_TOKENS,
    ),
    "an expired token works": Mutant(
        "I10: a token ends when it says",
        TOKENS,
        "row.revoked_at is not None or (row.expires_at or now) < now",
        "row.revoked_at is not None",
        OF_TOKENS,
    ),
    "any secret opens": Mutant(
        "I10: a token's secret is compared",
        TOKENS,
        "row is None or not same or row",
        "row is None or row",
        OF_TOKENS,
    ),
    "every role may": Mutant(
        "I10: a role does what its table says",
        TOKENS,
        "        if not may(self.role, permission):\n",
        "        if not may(self.role, permission) and not self.id:\n",
        ("tests/controlplane/test_routes.py",),
    ),
    "a key forgotten": Mutant(
        "I2: a request that comes twice takes effect once",
        "controlplane/idempotency.py",
        "    if row is not None and row.at < now - KEPT:\n",
        "    if row is not None:\n",
        ("tests/controlplane/test_app.py",),
    ),
    "another request under a used key": Mutant(
        "I2: a key stands for one request",
        "controlplane/idempotency.py",
        "        if row.digest != asked.digest:\n",
        "        if not row.digest:\n",
        ("tests/controlplane/orders/test_orders_api.py", "tests/controlplane/test_app.py"),
    ),
    "a payment counted twice": Mutant(
        "I15: a payment is recorded once for each client and reference",
        "controlplane/credit/service.py",
        "    if known is not None:\n        return _again(known, paid), False\n",
        "",
        ("tests/controlplane/credit/test_payments.py",),
    ),
    "a part payment stops": Mutant(
        "I15: only what settles the debt stops",
        "controlplane/credit/service.py",
        "    if not paid.settles:\n",
        "    if not paid.settles and not paid.reference:\n",
        ("tests/controlplane/credit/test_payments.py",),
    ),
}
