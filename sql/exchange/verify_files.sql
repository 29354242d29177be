select id as package, 'полученный' as place, sha256 from exchange.package where purged_at is null
union all
select package, name, sha256 from exchange.outgoing
union all
select package, name, sha256 from exchange.document where purged_at is null
order by 1, 2
