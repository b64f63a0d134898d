import json
from itertools import islice

import pytest
from websockets.asyncio.server import ServerConnection, serve

from benchmarks import Goal, finish, milliseconds, percentile
from benchmarks.chat import NoAnswer, chatting
from benchmarks.sentences import both_languages
from benchmarks.turn import STEP, split


def test_percentiles_are_interpolated() -> None:
    assert percentile([4, 1, 3, 2], 0.5) == 2.5
    assert percentile([7], 0.95) == 7
    assert milliseconds([0.001, 0.003]) == {"turns": 2, "median_ms": 2.0, "p95_ms": 2.9}
    assert milliseconds([]) == {"turns": 0}


def test_the_last_line_is_one_json_object_and_a_missed_goal_shows(capsys: pytest.CaptureFixture[str]) -> None:
    goals = [Goal("ratio", 0.8, 1.0), Goal("memory", None, 800)]

    status = finish("turn", {"cores": 2}, {"a": 1}, {"peer": {}}, goals)

    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert status == 1
    assert set(last) == {"name", "machine", "figures", "peers", "goals"}
    assert [goal["holds"] for goal in last["goals"]] == [True, False]


def test_no_sentence_comes_twice() -> None:
    streams = both_languages()
    english, portuguese = next(streams), next(streams)
    said = [sentence.text for sentence in (*islice(english, 600), *islice(portuguese, 600))]
    assert len(set(said)) == len(said)


def test_steps_of_a_turn_are_read_from_prometheus_text() -> None:
    text = (
        'vinculo_turn_seconds_count{step="engine"} 4.0\n'
        'vinculo_turn_seconds_sum{step="engine"} 0.08\n'
        'vinculo_turn_seconds_bucket{le="0.1",step="engine"} 4.0\n'
    )
    assert STEP.findall(text) == [("count", "engine", "4.0"), ("sum", "engine", "0.08")]
    assert split({"engine": (0.02, 1)}, {"engine": (0.08, 4), "inbox": (0.0, 0)}) == {"engine": 20.0}


async def _bot(connection: ServerConnection) -> None:
    """Welcomes; refuses the first message as too fast; answers the others, after an old answer."""
    refused = False
    sequence = 0
    async for raw in connection:
        frame = json.loads(raw)
        if frame["type"] == "hello":
            await connection.send(json.dumps({"type": "welcome"}))
        elif frame["text"] == "person":
            await connection.send(json.dumps({"type": "owner", "owner": "waiting", "agent": None}))
        elif not refused:
            refused = True
            error = {"type": "error", "code": "too_fast", "message": "wait", "retry_after_s": 0.01}
            await connection.send(json.dumps({**error, "id": frame["id"]}))
        else:
            sequence += 2
            await connection.send(json.dumps({"type": "ack", "id": frame["id"], "seq": sequence}))
            for number in (sequence - 1, sequence + 1):
                message = {"sender": "bot", "seq": number, "text": "ok"}
                await connection.send(json.dumps({"type": "message", "message": message}))


async def test_the_benchmark_customer_waits_for_the_flood_limit_and_counts_only_the_answer() -> None:
    async with serve(_bot, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with chatting(port, "en") as chat:
            assert 0 < await chat.turn("hello") < 5
            assert chat.paced == 1
            assert 0 < await chat.turn("again") < 5
            with pytest.raises(NoAnswer, match="waiting"):
                await chat.turn("person")
