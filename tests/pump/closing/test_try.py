import time
from tests.pump.closing.closed import *
def test_it(database, tmp_path):
    world = received(database, tmp_path, registers_of(PERIOD, 5, SENT[1:4]))
    closings = Closings(world.exchange())
    number = closings.freeze_month(PERIOD, NOW).id
    for step in (closings.gather, closings.control, closings.settle, closings.pack):
        t=time.time(); step(number); print(step.__name__, time.time()-t)
    for q in ("select recipient, kind, name, size from pump.document",):
        for r in world.rows(q): print("  ", list(dict(r).values()))
    t=time.time(); print(closings.replay(number).differences); print(time.time()-t)
    import pathlib
    out = pathlib.Path("/tmp/docs"); out.mkdir(exist_ok=True)
    for r in world.rows("select recipient, name, sha256 from pump.document"):
        (out / r["name"]).write_bytes(world.exchange().store.get(r["sha256"]))
