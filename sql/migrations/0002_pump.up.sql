create schema pump;

create table pump.h_zglv (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "version" text,
    "data" date,
    "filename" text,
    "sd_z" integer
) partition by list (report_month);
create index on pump.h_zglv using brin (package);

create table pump.h_schet (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "code" integer,
    "code_mo" text,
    "year" smallint,
    "month" smallint,
    "nschet" text,
    "dschet" date,
    "plat" text,
    "summav" numeric(17, 2),
    "coments" text,
    "summap" numeric(17, 2),
    "sank_mek" numeric(17, 2),
    "sank_mee" numeric(17, 2),
    "sank_ekmp" numeric(17, 2)
) partition by list (report_month);
create index on pump.h_schet using brin (package);

create table pump.h_zap (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "n_zap" integer,
    "pr_nov" smallint,
    "id_pac" text,
    "vpolis" smallint,
    "spolis" text,
    "npolis" text,
    "st_okato" text,
    "enp" text,
    "smo" text,
    "smo_ogrn" text,
    "smo_ok" text,
    "smo_nam" text,
    "inv" smallint,
    "mse" smallint,
    "novor" text,
    "vnov_d" smallint,
    "soc" text,
    "next_d" smallint,
    "mo_pr" text,
    "vz" smallint,
    "disability_inv" smallint,
    "data_inv" date,
    "reason_inv" smallint,
    "ds_inv" text,
    "idcase" bigint,
    "usl_ok" smallint,
    "vidpom" smallint,
    "for_pom" smallint,
    "npr_mo" text,
    "npr_date" date,
    "npr_num" text,
    "lpu" text,
    "date_z_1" date,
    "date_z_2" date,
    "kd_z" smallint,
    "rslt" smallint,
    "z_sl_mse" smallint,
    "ishod" smallint,
    "vb_p" smallint,
    "idsp" smallint,
    "sumv" numeric(17, 2),
    "oplata" smallint,
    "sump" numeric(17, 2),
    "sank_it" numeric(17, 2)
) partition by list (report_month);
create index on pump.h_zap using brin (package);

create table pump.h_vnov_m (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "vnov_m" smallint
) partition by list (report_month);
create index on pump.h_vnov_m using brin (package);

create table pump.h_os_sluch (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "os_sluch" smallint
) partition by list (report_month);
create index on pump.h_os_sluch using brin (package);

create table pump.h_sl (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "sl_id" text,
    "lpu_1" text,
    "podr" bigint,
    "mop" smallint,
    "prof_m" smallint,
    "profil" smallint,
    "profil_m" smallint,
    "profil_k" smallint,
    "det" smallint,
    "p_cel" text,
    "nhistory" text,
    "p_per" smallint,
    "date_1" date,
    "date_2" date,
    "kd" smallint,
    "wei" numeric(4, 1),
    "ds0" text,
    "ds1" text,
    "c_zab" smallint,
    "dn" smallint,
    "code_mes2" text,
    "n_ksg" text,
    "ver_ksg" smallint,
    "ksg_pg" smallint,
    "n_kpg" smallint,
    "koef_z" numeric(7, 5),
    "koef_up" numeric(7, 5),
    "bztsz" numeric(8, 2),
    "koef_d" numeric(7, 5),
    "koef_u" numeric(7, 5),
    "k_zp" numeric(7, 5),
    "sl_k" smallint,
    "it_sl" numeric(6, 5),
    "pr_pr" text,
    "koef_pr" numeric(7, 5),
    "reab" smallint,
    "prvs" smallint,
    "vers_spec" text,
    "iddokt" text,
    "ed_col" numeric(7, 2),
    "tarif" numeric(17, 2),
    "sum_m" numeric(17, 2),
    "next_visit" date,
    "comentsl" text
) partition by list (report_month);
create index on pump.h_sl using brin (package);

create table pump.h_ds2 (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "ds2" text
) partition by list (report_month);
create index on pump.h_ds2 using brin (package);

create table pump.h_ds3 (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "ds3" text
) partition by list (report_month);
create index on pump.h_ds3 using brin (package);

create table pump.h_code_mes1 (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "code_mes1" text
) partition by list (report_month);
create index on pump.h_code_mes1 using brin (package);

create table pump.h_crit (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "crit" text
) partition by list (report_month);
create index on pump.h_crit using brin (package);

create table pump.h_sl_koef (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "idsl" smallint,
    "z_sl" numeric(6, 5)
) partition by list (report_month);
create index on pump.h_sl_koef using brin (package);

create table pump.h_lek_pr (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "data_inj" date,
    "code_sh" text,
    "regnum" text,
    "cod_mark" text,
    "ed_izm" text,
    "dose_inj" numeric(7, 2),
    "method_inj" text,
    "col_inj" integer
) partition by list (report_month);
create index on pump.h_lek_pr using brin (package);

create table pump.h_usl (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "idserv" text,
    "lpu" text,
    "lpu_1" text,
    "podr" bigint,
    "profil" smallint,
    "profil_m" smallint,
    "vid_vme" text,
    "det" smallint,
    "date_in" date,
    "date_out" date,
    "ds" text,
    "code_usl" text,
    "kol_usl" numeric(8, 2),
    "tarif" numeric(17, 2),
    "sumv_usl" numeric(17, 2),
    "prvs" smallint,
    "code_md" text,
    "npl" smallint,
    "comentu" text
) partition by list (report_month);
create index on pump.h_usl using brin (package);

create table pump.h_med_dev (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "date_med" date,
    "code_meddev" integer,
    "number_ser" text
) partition by list (report_month);
create index on pump.h_med_dev using brin (package);

create table pump.h_mr_usl_n (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "mr_n" smallint,
    "prvs" smallint,
    "code_md" text
) partition by list (report_month);
create index on pump.h_mr_usl_n using brin (package);

create table pump.h_sank (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "s_code" text,
    "s_sum" numeric(17, 2),
    "s_tip" smallint,
    "s_osn" smallint,
    "date_act" date,
    "num_act" text,
    "s_com" text,
    "s_ist" smallint
) partition by list (report_month);
create index on pump.h_sank using brin (package);

create table pump.h_sl_id (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "sl_id" text
) partition by list (report_month);
create index on pump.h_sl_id using brin (package);

create table pump.h_code_exp (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "code_exp" text
) partition by list (report_month);
create index on pump.h_code_exp using brin (package);

create table pump.l_zglv (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "version" text,
    "data" date,
    "filename" text,
    "filename1" text
) partition by list (report_month);
create index on pump.l_zglv using brin (package);

create table pump.l_pers (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "id_pac" text,
    "fam" text,
    "im" text,
    "ot" text,
    "w" smallint,
    "dr" date,
    "tel" text,
    "fam_p" text,
    "im_p" text,
    "ot_p" text,
    "w_p" smallint,
    "dr_p" date,
    "mr" text,
    "doctype" text,
    "docser" text,
    "docnum" text,
    "docdate" date,
    "docorg" text,
    "snils" text,
    "okatog" text,
    "okatop" text,
    "comentp" text
) partition by list (report_month);
create index on pump.l_pers using brin (package);

create table pump.l_dost (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "dost" smallint
) partition by list (report_month);
create index on pump.l_dost using brin (package);

create table pump.l_dost_p (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "dost_p" smallint
) partition by list (report_month);
create index on pump.l_dost_p using brin (package);

-- Makes the partitions of a report month for every load table of the schema; waits for others that do the same.
create function pump.open_month(month date) returns void language plpgsql as $$
declare parent record; part text;
begin
    if to_regclass('pump.h_zap_' || to_char(month, 'YYYYMM')) is not null then
        return;
    end if;
    perform pg_advisory_xact_lock(hashtext('pump.open_month'));
    for parent in
        select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'pump' and c.relkind = 'p'
    loop
        part := parent.name || '_' || to_char(month, 'YYYYMM');
        if to_regclass('pump.' || part) is null then
            execute format('create table pump.%I (like pump.%I including defaults)', part, parent.name);
            execute format('alter table pump.%I attach partition pump.%I for values in (%L)', parent.name, part, month);
        end if;
    end loop;
end $$;

grant usage on schema pump to oms_operator, oms_auditor, oms_organisation;
grant select on all tables in schema pump to oms_operator, oms_auditor;
