select id, period, kind, state, act_number, act_date, frozen_at, packages, fresh, acts, editions, earlier, terms_sha256
from pump.closing where id = :id
