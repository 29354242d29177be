-- Insurance ends on the day on which it is stopped, or with the person's death; what began after the death never was.
update erz.policy q
set valid_to = case when q.valid_from <= shut.day then shut.day else q.valid_to end,
    in_effect = q.valid_from <= shut.day,
    ended_by = shut.package,
    ended_row = shut.row
from (
    select package, row, person, case when does = 'close' then date_op else dead_on end as day
    from change_arriving
    where refusal is null and (does = 'close' or dead_on is not null)
) shut
where q.person = shut.person and q.in_effect and (q.valid_to is null or q.valid_to > shut.day)
