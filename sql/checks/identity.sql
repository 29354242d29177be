-- What the book in force depends on: enabled editions in the order in which they begin, and the region's policy.
select id, dictionary, suites_sha256 as sha256, case when id = cast(:also as bigint) then cast(:since as date) else enabled_from end as enabled_from
from checks.edition
where state = 'enabled' or id = cast(:also as bigint)
union all
(select cast(null as bigint), dictionary, sha256, cast(null as date) from nsi.edition where dictionary = :policy order by id desc limit 1)
order by enabled_from nulls last, id
