from tests.unit.validate.conftest import *  # noqa: F403
from tests.unit.validate.conftest import Desk, by_id, line, malformed
def test_smoke(desk: Desk) -> None:
    d, r = desk.gate([*[line(str(i), head_count=i) for i in range(30)], line("x", net_amount=None), line("y", gross_amount=1), malformed(), line("z",booked_date=None)])
    print(r.verdict, r.message)
    for k,v in by_id(r).items(): print(k, v.evaluated,v.failed,v.success,v.observed)
    print(desk.rejects(d)); print(desk.rows("select * from quarantine.row")); print(r.amounts)
    from pipelines.validate.evidence import write_data_docs
    from pathlib import Path
    from pipelines.settings import Settings
    print(write_data_docs(Settings(Path("/tmp/kvdocs"),Path("/tmp"),(),None), "tests.lines", r.validation_result))
    print(desk.again(d,[]) if 0 else "")
