-- The insured as far as the payment of care needs them: who is insured by whom on which day, and under which papers.

-- Series and numbers as they are compared: capitals, letters that look alike as the Russian ones (Roman I as 1), nothing
-- but letters and digits.
create function erz.number_key(number text) returns text language sql immutable parallel safe as $$
    select regexp_replace(translate(coalesce(number, ''),
        'абвгдеёжзийклмнопрстуфхцчшщъыьэюяЁabcehikmoptvxylABCEHIKMOPTVXYL',
        'АБВГДЕЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЕАВСЕН1КМОРТУХУЛАВСЕН1КМОРТУХУЛ'), '[^0-9А-ЯA-Z]', '', 'g')
$$;

-- A person's row says which record of which package brought it (null: the first load).
alter table erz.person
    add column package bigint references exchange.package,
    add column row integer;
create index person_snils on erz.person (snils) where snils is not null;

-- What was known of a person before the record that replaced it.
create table erz.person_before (
    person bigint not null references erz.person,
    enp text,
    fam text,
    im text,
    ot text,
    dr date not null,
    w text not null,
    snils text,
    dead_on date,
    package bigint references exchange.package,
    row integer,
    replaced_by bigint not null references exchange.package,
    replaced_row integer not null,
    primary key (replaced_by, replaced_row)
);
create index person_before_person on erz.person_before (person);

-- Insurance of a person under a policy: by an insurer of this territory, or in another one (ОКАТО). kind is the letter of
-- the document that confirms it: С old, В temporary, П paper, Э electronic, К card, Ц digital.
create table erz.policy (
    person bigint not null references erz.person,
    kind text check (kind in ('С', 'В', 'П', 'Э', 'К', 'Ц')),
    vpolis text generated always as (case kind when 'С' then '1' when 'В' then '2' else '3' end) stored,
    series text,
    number text,
    number_key text not null generated always as (erz.number_key(coalesce(series, '') || coalesce(number, ''))) stored,
    enp text check (enp ~ '^\d{16}$'),
    smo text references exchange.organisation,
    okato text check (okato ~ '^\d{5}$'),
    valid_from date not null,
    valid_to date,
    in_effect boolean not null default true,
    package bigint references exchange.package,
    row integer,
    ended_by bigint references exchange.package,
    ended_row integer,
    check (num_nonnulls(smo, okato) = 1),
    check (valid_to >= valid_from)
);
create index policy_person on erz.policy (person);
create unique index policy_open on erz.policy (person) where in_effect and valid_to is null;
create unique index policy_record on erz.policy (package, row) where package is not null;
create index policy_number on erz.policy (number_key, vpolis) where number_key <> '';
create index policy_enp on erz.policy (enp) where enp is not null;
create index policy_smo on erz.policy (smo) where in_effect and valid_to is null;

-- Papers that prove the identity: doctype is a code of F011.
create table erz.document (
    person bigint not null references erz.person,
    doctype text not null,
    docser text,
    docnum text not null,
    number_key text not null generated always as (erz.number_key(coalesce(docser, '') || docnum)) stored,
    issued date,
    valid_to date,
    package bigint references exchange.package,
    row integer,
    ended_by bigint references exchange.package
);
create index document_person on erz.document (person);
create index document_number on erz.document (number_key, doctype);

insert into erz.policy (person, kind, number, enp, smo, valid_from, valid_to)
select id, case when enp is not null then 'П' end, enp, enp, smo, valid_from, valid_to
from erz.person;
alter table erz.person drop column smo, drop column valid_from, drop column valid_to;

-- A record of a package of an insurer, and what came of it: refusal is a name of include/rules/insured.yaml.
create table erz.change (
    package bigint not null references exchange.package,
    row integer not null,
    n_rec text not null,
    id text not null,
    tip_op text not null,
    date_op date not null,
    enp text,
    fam text,
    im text,
    ot text,
    dr date not null,
    w text not null,
    snils text,
    dead_on date,
    kind text,
    series text,
    number text,
    person bigint references erz.person,
    refusal text,
    primary key (package, row)
);
create index change_person on erz.change (person);

grant select on all tables in schema erz to oms_operator, oms_auditor;
