from simulators.chance import SeededEntropy, stream


def test_a_stream_replays_and_is_its_own() -> None:
    first, again, other = stream(7, "noise"), stream(7, "noise"), stream(7, "drops")
    drawn = [first.random() for _ in range(5)]
    assert drawn == [again.random() for _ in range(5)]
    assert drawn != [other.random() for _ in range(5)]
    assert drawn != [stream(8, "noise").random() for _ in range(5)]


def test_a_stream_is_the_same_on_every_machine() -> None:
    assert SeededEntropy(1).token(8).hex() == "9a48c63f6b546e9b"


def test_entropy_gives_sizes_and_fractions() -> None:
    entropy = SeededEntropy(3, "gateway")
    assert len(entropy.token(32)) == 32
    assert 0 <= entropy.fraction() < 1
