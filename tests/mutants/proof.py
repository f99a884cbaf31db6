"""Guards of the proof: what a dossier must not let through."""

from tests.mutants.mutant import Mutant

PLACING, SIGNING, COMPARING = "protocols/proof/placing.py", "protocols/proof/signing.py", "protocols/proof/comparing.py"
OF_VERIFY = ("tests/protocols/proof/test_verify.py",)
OF_TREE = ("tests/protocols/proof/test_tree.py",)

PROOF: dict[str, Mutant] = {
    "a bit of the dossier": Mutant(
        "I9: one changed bit is seen",
        "protocols/proof/archive.py",
        "    if again != raw:\n"
        '        raise _not_canonical(_first_difference(again, raw), "not what its contents make")\n',
        "",
        ("tests/protocols/proof/test_archive.py",),
    ),
    "an entry from nowhere": Mutant(
        "I9: each entry stands in the log",
        PLACING,
        "    if not rising or not found:\n",
        "    if not rising:\n",
        OF_VERIFY,
    ),
    "the newest entry cut": Mutant(
        "I9: what is missing at the end is seen",
        PLACING,
        "    if proven(stand.heads, head, _bytes(contents.proofs.head)):\n",
        "    if head.entries:\n",
        OF_VERIFY,
    ),
    "a rewritten log": Mutant(
        "I9: a log only grows",
        PLACING,
        "good = good and tree.consistent(old.size, old.root, new.size, new.root, _bytes(path))",
        "good = good and len(path) >= 0",
        OF_VERIFY,
    ),
    "a forked log": Mutant(
        "I9: two checkpoints of one size are one log's",
        COMPARING,
        "yield _fork(here, theirs) if _differ(here, theirs) else _same(theirs)",
        "yield _same(theirs)",
        OF_VERIFY,
    ),
    "a signature not checked": Mutant(
        "I9: nobody's words are taken for another's",
        SIGNING,
        "    except TheirsError:\n",
        "    except ZeroDivisionError:\n",
        (*OF_VERIFY, "tests/protocols/proof/test_forgers.py"),
    ),
    "signed in another's role": Mutant(
        "I9: a key signs what its bearer may say",
        SIGNING,
        "    fit = ring.of(one.keyid, one.role)\n",
        "    fit = [key for role in Role for key in ring.of(one.keyid, role)]\n",
        (*OF_VERIFY, "tests/protocols/proof/test_forgers.py"),
    ),
    "a leaf like a node": Mutant(
        "I9: a leaf is never taken for a node",
        "protocols/proof/tree.py",
        '    return sha256(b"\\x00" + entry).digest()\n',
        '    return sha256(b"\\x01" + entry).digest()\n',
        OF_TREE,
    ),
    "a proof of another length": Mutant(
        "I9: a proof has the shape that it must have",
        "protocols/proof/tree.py",
        "    return value if last == 0 else None\n",
        "    return value\n",
        OF_TREE,
    ),
    "a head of another length": Mutant(
        "I9: an order's head counts its entries",
        "protocols/proof/heads.py",
        "key(head.order) + head.entries.to_bytes(8) + head.last",
        "key(head.order) + head.last",
        ("tests/protocols/proof/test_heads.py", *OF_VERIFY),
    ),
    "a note signed by nobody": Mutant(
        "I9: a checkpoint's signature is checked",
        "protocols/proof/checkpoint.py",
        "        if not key.made(line.signature, note.text):\n",
        "        if not line.signature:\n",
        ("tests/protocols/proof/test_checkpoint.py",),
    ),
}
