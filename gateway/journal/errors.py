"""What can be wrong with a journal, told apart by who has to do what."""


class StorageError(Exception):
    """The disk refused: nothing was written, nothing may be acknowledged, nothing may be closed."""


class JournalError(Exception):
    """A file that can't be a journal of ours, or is of a newer version; the text says what to do."""
