-- People of the insurer whom its snapshot of the day does not name; a policy of that very day has come since.
update erz.policy q
set valid_to = cast(:day as date) - 1, ended_by = :package
where q.smo = :smo and q.in_effect and q.valid_to is null and q.valid_from < :day
    and not exists (select from erz.change c where c.package = :package and c.person = q.person)
