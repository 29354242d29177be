select row, fields, valid_from, valid_to from nsi.entry
where edition = :edition and row > :after
  and (cast(:day as date) is null or (coalesce(valid_from, '-infinity') <= :day and coalesce(valid_to, 'infinity') >= :day))
  and (cast(:contains as text) is null or fields::text ilike :contains)
order by row limit :limit
