select distinct on (a.place)
    a.place,
    f.person,
    case
        when f.person is null then 'none'
        when p.dead_on < a.day and not a.newborn then 'dead'
        when q.person is null then 'none'
        when q.okato is not null then 'other_territory'
        when q.smo = a.smo then 'own'
        else 'other_smo'
    end as found,
    case when (p.dead_on < a.day and not a.newborn) is not true then coalesce(q.smo, q.okato) end as payer,
    f.by,
    case
        when f.person is null then coalesce(d.reason, 'unknown')
        when p.dead_on < a.day and not a.newborn then 'dead'
        when q.person is null then 'uninsured'
    end as reason
from identify_asked a
left join identify_found f using (place)
left join erz.person p on p.id = f.person
left join identify_doubt d on d.place = a.place and f.person is null
left join erz.policy q on q.person = f.person and q.in_effect
    and daterange(q.valid_from, q.valid_to, '[]') @> case when a.newborn then least(a.day, p.dead_on) else a.day end
order by a.place, q.valid_from desc, array_position(array['several', 'mismatch'], d.reason)
