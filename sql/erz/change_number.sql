update change_arriving r
set person = numbered.id
from (
    select row, (select coalesce(max(id), 0) from erz.person) + row_number() over (order by row) as id
    from change_arriving
    where refusal is null and is_new
) numbered
where r.row = numbered.row
