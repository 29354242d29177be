-- A record opens a policy when its operation does, and as a state when the person has no such policy of the insurer.
update change_arriving r
set is_new = r.person is null,
    opens = r.does = 'open' or (r.does = 'state' and not exists (
        select from erz.policy q
        where q.person = r.person and q.in_effect and q.smo = :smo and q.kind = r.kind
            and q.number_key = erz.number_key(coalesce(r.series, '') || coalesce(r.number, ''))
            and daterange(q.valid_from, q.valid_to, '[]') @> r.date_op
    ))
where r.refusal is null
