"""Proof that anybody can check offline. Pure: whoever keeps a log hands in what it has kept (docs/proof.md, adr/0007).

How a log is kept, by one sequencer, in one transaction for each batch:

1. For each new entry of an order (a step of `order_events`, a signed document that was kept, in the order in which they
   were committed) take that order's count n and newest leaf hash, and make the leaf:
   `leaf = entry.encode(Entry(order=..., sequence=n + 1, previous=<that hash in hex, or GENESIS>, step=..., documents=(
   entry.document(kind, envelope), ...), facts=<the first entry's legal grounds>, ...))`.
   A document's entry comes before the step that stands on it. The first step of every order is `entered`.
2. `tree.append(read_node, size, tree.leaf_hash(leaf))` gives the nodes to insert: (level, index, hash), never changed.
3. `heads.put(read_head, Head(order, n + 1, tree.leaf_hash(leaf)))` gives the nodes to write by path: newest only.
4. At the end of the batch `Stand(origin, size, tree.root(read_node, size), heads.root(read_head), now).checkpoint()`,
   kept with its time; after the commit `checkpoint.sign(it, (origin, signer, public))` is the note. Signing again gives
   the same bytes. No size is ever signed twice: a database that was restored goes on under a new origin.

`GET /log/checkpoint` is a note; `inclusion` is `tree.inclusion(read_node, index, size)`; `consistency` is
`tree.consistency(read_node, old, new)`. A dossier is `dossier.build(Material(entries=[Logged(leaf, index, inclusion)],
head=heads.prove(read_head, order), checkpoints=[older published notes ..., the newest], growth=[consistency from each
to the next], documents=[envelopes], claims=[Claim(...)], photographs=[bytes]), log_signer, now, software)`. The heads
are those of the newest checkpoint: read note, nodes and heads in one transaction.
`verify.verify(raw, keys, [note, ...])` judges it.
"""
