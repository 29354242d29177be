insert into pump.closing
    (period, kind, act_number, act_date, frozen_at, packages, fresh, acts, editions, earlier, terms_sha256)
values
    (:period, :kind, :act_number, :act_date, :frozen_at, :packages, :fresh, :acts, :editions, :earlier, :terms_sha256)
returning id
