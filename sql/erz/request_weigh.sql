with claim as (
    select r.row, r.person, r.spos, r.date_in, r.date_out, row_number() over (partition by r.person order by r.row) as ordinal
    from erz.request r
    where r.package = :package and r.found = any(:attached)
), stronger as (
    select distinct on (c.row) c.row, a.lpu_id, a.date_in, a.spos
    from claim c join erz.attachment a on a.person = c.person and a.in_effect and a.lpu_id <> :sender
    where daterange(a.date_in, a.date_out, '[]') && daterange(c.date_in, c.date_out, '[]')
        and not erz.wins(c.spos, c.date_in, a.spos, a.date_in)
    order by c.row, a.date_in desc
)
update erz.request r
set refusal = case
        when c.row is null then 'not_attached'
        when c.ordinal > 1 then 'repeated'
        when s.row is not null then 'conflict'
    end,
    lpuid_et = s.lpu_id,
    datein_et = s.date_in,
    spos_et = s.spos
from erz.request self
left join claim c on c.row = self.row
left join stronger s on s.row = self.row
where self.package = :package and r.package = self.package and r.row = self.row
