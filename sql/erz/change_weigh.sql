-- Nothing is told of the time before the insurance in effect began, and no ЕНП of somebody else is given.
update change_arriving r
set refusal = case
        when exists (select from erz.person p where p.enp = r.enp and p.id is distinct from r.person) then 'mismatch'
        else 'earlier'
    end
where r.refusal is null
    and (
        exists (select from erz.person p where p.enp = r.enp and p.id is distinct from r.person)
        or exists (
            select from erz.policy q
            where q.person = r.person and q.in_effect
                and (r.opens and q.valid_from >= r.dbeg or r.does = 'close' and q.valid_from > r.date_op)
        )
    )
