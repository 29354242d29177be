select id, period, kind, state, act_number, act_date, frozen_at, decided_by, decided_at, reason, cardinality(packages) as packages
from pump.closing where id = :id
