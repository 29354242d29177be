create schema erz;

-- Names as they are compared: capitals, Ё as Е, single blanks, no blanks around hyphens. Letters are spelled out, because
-- upper() depends on the locale of the database.
create function erz.fold(name text) returns text language sql immutable parallel safe as $$
    select regexp_replace(regexp_replace(btrim(translate(coalesce(name, ''),
        'абвгдеёжзийклмнопрстуфхцчшщъыьэюяЁ', 'АБВГДЕЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЕ')), '\s+', ' ', 'g'), ' ?- ?', '-', 'g')
$$;

create function erz.name_key(fam text, im text, ot text) returns text language sql immutable parallel safe as $$
    select erz.fold(fam) || '|' || erz.fold(im) || '|'
        || case when erz.fold(ot) in ('НЕТ', '-') then '' else erz.fold(ot) end
$$;

-- Whether a new claim for a person beats one that is in effect: an application beats a territory; of two territories the
-- later; of two applications of one calendar year the earlier, of different years the later. Equal ones leave all as it is.
create function erz.wins(spos text, date_in date, spos_in_effect text, date_in_effect date) returns boolean
language sql immutable parallel safe as $$
    select case
        when spos <> spos_in_effect then spos = '2'
        when spos = '2' and extract(year from date_in) = extract(year from date_in_effect) then date_in < date_in_effect
        else date_in > date_in_effect
    end
$$;

create table erz.person (
    id bigint primary key,
    enp text unique check (enp ~ '^\d{16}$'),
    fam text,
    im text,
    ot text,
    dr date not null,
    w text not null check (w in ('1', '2')),
    snils text,
    smo text not null,
    valid_from date not null,
    valid_to date,
    dead_on date,
    name_key text not null generated always as (erz.name_key(fam, im, ot)) stored,
    check (valid_to >= valid_from)
);
create index person_name on erz.person (name_key, dr);

-- A record of a request and what was found: found and refusal are names of include/rules/identification.yaml.
create table erz.request (
    package bigint not null references exchange.package,
    row integer not null,
    recid text not null,
    date_in date not null,
    date_out date,
    spos text not null,
    n_pol text not null,
    policy text not null check (policy in ('old', 'temporary', 'unified')),
    fam text not null,
    im text not null,
    ot text,
    dr date not null,
    w text not null,
    person bigint references erz.person,
    found text,
    refusal text,
    lpuid_et text,
    datein_et date,
    spos_et text,
    primary key (package, row)
);

-- Attachments by the record that claimed them. One that a stronger claim ended has its package in ended_by; it stays in effect
-- up to the day before, or, when it began no earlier, not at all.
create table erz.attachment (
    package bigint not null,
    row integer not null,
    person bigint not null references erz.person,
    lpu_id text not null references exchange.organisation,
    date_in date not null,
    date_out date,
    spos text not null check (spos in ('1', '2')),
    in_effect boolean not null default true,
    ended_by bigint references exchange.package,
    primary key (package, row),
    foreign key (package, row) references erz.request,
    check (date_out >= date_in),
    constraint one_at_a_time exclude using gist
        (int8range(person, person, '[]') with &&, daterange(date_in, date_out, '[]') with &&) where (in_effect)
);
create index attachment_lpu on erz.attachment (lpu_id) where in_effect;

grant usage on schema erz to oms_operator, oms_auditor, oms_organisation;
grant select on all tables in schema erz to oms_operator, oms_auditor;
