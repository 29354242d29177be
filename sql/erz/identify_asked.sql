create temporary table identify_asked (
    place bigint not null,
    enp text,
    vpolis text,
    policy text,
    doctype text,
    document text,
    snils text,
    fam text,
    im text,
    ot text,
    dr date,
    w text,
    smo text,
    newborn boolean not null,
    day date
) on commit drop;
create temporary table identify_found (place bigint not null, person bigint not null, by text not null) on commit drop;
create temporary table identify_doubt (place bigint not null, by text not null, reason text not null) on commit drop
