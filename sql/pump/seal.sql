-- Hashes of what a closing decided (decisions, prices, hits, sanctions, volumes) and of its settlement; null for no rows.
with decided (part, place, digest) as (
    select 1, row_number() over (order by package, "row"), sha256(convert_to(t::text, 'UTF8'))
    from pump.decision t where closing = :closing
    union all
    select 2, row_number() over (order by package, "row"), sha256(convert_to(t::text, 'UTF8'))
    from pump.price t where closing = :closing
    union all
    select 3, ordinal, sha256(convert_to(t::text, 'UTF8')) from pump.hit t where closing = :closing
    union all
    select 4, ordinal, sha256(convert_to(t::text, 'UTF8')) from pump.sanction t where closing = :closing
    union all
    select 5, row_number() over (order by code_mo collate "C", unit collate "C"), sha256(convert_to(t::text, 'UTF8'))
    from pump.volume t where closing = :closing
), settled (part, place, digest) as (
    select 1, row_number() over (order by payer collate "C", code_mo collate "C"), sha256(convert_to(t::text, 'UTF8'))
    from pump.line t where closing = :closing
    union all
    select 2, ordinal, sha256(convert_to(t::text, 'UTF8')) from pump.due t where closing = :closing
)
select (select encode(sha256(string_agg(digest, ''::bytea order by part, place)), 'hex') from decided) as decisions,
       (select encode(sha256(string_agg(digest, ''::bytea order by part, place)), 'hex') from settled
        where exists (select from pump.line where closing = :closing)) as lines
