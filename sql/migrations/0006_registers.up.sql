-- Load tables as pipelines/formats/ddl.py makes them of the layouts C, T, X.

create table pump.c_zglv (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "version" text,
    "data" date,
    "filename" text,
    "sd_z" integer
) partition by list (report_month);
create index on pump.c_zglv using brin (package);

create table pump.c_schet (
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
create index on pump.c_schet using brin (package);

create table pump.c_zap (
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
create index on pump.c_zap using brin (package);

create table pump.c_vnov_m (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "vnov_m" smallint
) partition by list (report_month);
create index on pump.c_vnov_m using brin (package);

create table pump.c_os_sluch (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "os_sluch" smallint
) partition by list (report_month);
create index on pump.c_os_sluch using brin (package);

create table pump.c_sl (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "sl_id" text,
    "lpu_1" text,
    "podr" bigint,
    "mop" smallint,
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
    "ds0" text,
    "ds1" text,
    "c_zab" smallint,
    "ds_onk" smallint,
    "dn" smallint,
    "code_mes2" text,
    "ds1_t" smallint,
    "stad" smallint,
    "onk_t" smallint,
    "onk_n" smallint,
    "onk_m" smallint,
    "mtstz" smallint,
    "sod" numeric(6, 2),
    "k_fr" smallint,
    "wei" numeric(4, 1),
    "hei" smallint,
    "bsa" numeric(3, 2),
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
create index on pump.c_sl using brin (package);

create table pump.c_ds2 (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "ds2" text
) partition by list (report_month);
create index on pump.c_ds2 using brin (package);

create table pump.c_ds3 (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "ds3" text
) partition by list (report_month);
create index on pump.c_ds3 using brin (package);

create table pump.c_code_mes1 (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "code_mes1" text
) partition by list (report_month);
create index on pump.c_code_mes1 using brin (package);

create table pump.c_napr (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "napr_date" date,
    "napr_num" text,
    "napr_mo" text,
    "napr_v" smallint,
    "met_issl" smallint,
    "napr_usl" text
) partition by list (report_month);
create index on pump.c_napr using brin (package);

create table pump.c_cons (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "pr_cons" smallint,
    "dt_cons" date
) partition by list (report_month);
create index on pump.c_cons using brin (package);

create table pump.c_b_diag (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "diag_date" date,
    "diag_tip" smallint,
    "diag_code" smallint,
    "diag_rslt" smallint,
    "rec_rslt" smallint
) partition by list (report_month);
create index on pump.c_b_diag using brin (package);

create table pump.c_b_prot (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "prot" smallint,
    "d_prot" date
) partition by list (report_month);
create index on pump.c_b_prot using brin (package);

create table pump.c_onk_usl (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "usl_tip" smallint,
    "hir_tip" smallint,
    "lek_tip_l" smallint,
    "lek_tip_v" smallint,
    "pptr" smallint,
    "luch_tip" smallint
) partition by list (report_month);
create index on pump.c_onk_usl using brin (package);

create table pump.c_lek_pr (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "regnum" text,
    "regnum_dop" text,
    "code_sh" text
) partition by list (report_month);
create index on pump.c_lek_pr using brin (package);

create table pump.c_inj (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "date_inj" date,
    "kv_inj" numeric(9, 3),
    "kiz_inj" numeric(9, 3),
    "s_inj" numeric(14, 6),
    "sv_inj" numeric(17, 2),
    "siz_inj" numeric(17, 2),
    "red_inj" smallint
) partition by list (report_month);
create index on pump.c_inj using brin (package);

create table pump.c_date_inj (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "date_inj" date
) partition by list (report_month);
create index on pump.c_date_inj using brin (package);

create table pump.c_crit (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "crit" text
) partition by list (report_month);
create index on pump.c_crit using brin (package);

create table pump.c_sl_koef (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "idsl" smallint,
    "z_sl" numeric(6, 5)
) partition by list (report_month);
create index on pump.c_sl_koef using brin (package);

create table pump.c_usl (
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
create index on pump.c_usl using brin (package);

create table pump.c_sank (
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
create index on pump.c_sank using brin (package);

create table pump.c_sl_id (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "sl_id" text
) partition by list (report_month);
create index on pump.c_sl_id using brin (package);

create table pump.c_code_exp (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "code_exp" text
) partition by list (report_month);
create index on pump.c_code_exp using brin (package);

create table pump.t_zglv (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "version" text,
    "data" date,
    "filename" text,
    "sd_z" integer
) partition by list (report_month);
create index on pump.t_zglv using brin (package);

create table pump.t_schet (
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
create index on pump.t_schet using brin (package);

create table pump.t_zap (
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
    "mse" smallint,
    "novor" text,
    "vnov_d" smallint,
    "soc" text,
    "next_d" smallint,
    "mo_pr" text,
    "vz" smallint,
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
    "idsp" smallint,
    "sumv" numeric(17, 2),
    "oplata" smallint,
    "sump" numeric(17, 2),
    "sank_it" numeric(17, 2)
) partition by list (report_month);
create index on pump.t_zap using brin (package);

create table pump.t_vnov_m (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "vnov_m" smallint
) partition by list (report_month);
create index on pump.t_vnov_m using brin (package);

create table pump.t_os_sluch (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "os_sluch" smallint
) partition by list (report_month);
create index on pump.t_os_sluch using brin (package);

create table pump.t_sl (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "sl_id" text,
    "vid_hmp" text,
    "metod_hmp" smallint,
    "lpu_1" text,
    "podr" bigint,
    "profil" smallint,
    "profil_m" smallint,
    "profil_k" smallint,
    "det" smallint,
    "tal_d" date,
    "tal_num" text,
    "tal_p" date,
    "nhistory" text,
    "date_1" date,
    "date_2" date,
    "ds0" text,
    "ds1" text,
    "c_zab" smallint,
    "ds_onk" smallint,
    "code_mes2" text,
    "ds1_t" smallint,
    "stad" smallint,
    "onk_t" smallint,
    "onk_n" smallint,
    "onk_m" smallint,
    "mtstz" smallint,
    "sod" numeric(6, 2),
    "k_fr" smallint,
    "wei" numeric(4, 1),
    "hei" smallint,
    "bsa" numeric(3, 2),
    "prvs" smallint,
    "vers_spec" text,
    "iddokt" text,
    "ed_col" numeric(7, 2),
    "tarif" numeric(17, 2),
    "sum_m" numeric(17, 2),
    "comentsl" text
) partition by list (report_month);
create index on pump.t_sl using brin (package);

create table pump.t_ds2 (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "ds2" text
) partition by list (report_month);
create index on pump.t_ds2 using brin (package);

create table pump.t_ds3 (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "ds3" text
) partition by list (report_month);
create index on pump.t_ds3 using brin (package);

create table pump.t_code_mes1 (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "code_mes1" text
) partition by list (report_month);
create index on pump.t_code_mes1 using brin (package);

create table pump.t_napr (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "napr_date" date,
    "napr_num" text,
    "napr_mo" text,
    "napr_v" smallint,
    "met_issl" smallint,
    "napr_usl" text
) partition by list (report_month);
create index on pump.t_napr using brin (package);

create table pump.t_cons (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "pr_cons" smallint,
    "dt_cons" date
) partition by list (report_month);
create index on pump.t_cons using brin (package);

create table pump.t_b_diag (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "diag_date" date,
    "diag_tip" smallint,
    "diag_code" smallint,
    "diag_rslt" smallint,
    "rec_rslt" smallint
) partition by list (report_month);
create index on pump.t_b_diag using brin (package);

create table pump.t_b_prot (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "prot" smallint,
    "d_prot" date
) partition by list (report_month);
create index on pump.t_b_prot using brin (package);

create table pump.t_onk_usl (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "usl_tip" smallint,
    "hir_tip" smallint,
    "lek_tip_l" smallint,
    "lek_tip_v" smallint,
    "pptr" smallint,
    "luch_tip" smallint
) partition by list (report_month);
create index on pump.t_onk_usl using brin (package);

create table pump.t_lek_pr (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "regnum" text,
    "regnum_dop" text,
    "code_sh" text
) partition by list (report_month);
create index on pump.t_lek_pr using brin (package);

create table pump.t_inj (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "date_inj" date,
    "kv_inj" numeric(9, 3),
    "kiz_inj" numeric(9, 3),
    "s_inj" numeric(14, 6),
    "sv_inj" numeric(17, 2),
    "siz_inj" numeric(17, 2),
    "red_inj" smallint
) partition by list (report_month);
create index on pump.t_inj using brin (package);

create table pump.t_date_inj (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "date_inj" date
) partition by list (report_month);
create index on pump.t_date_inj using brin (package);

create table pump.t_usl (
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
    "comentu" text
) partition by list (report_month);
create index on pump.t_usl using brin (package);

create table pump.t_sank (
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
create index on pump.t_sank using brin (package);

create table pump.t_sl_id (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "sl_id" text
) partition by list (report_month);
create index on pump.t_sl_id using brin (package);

create table pump.t_code_exp (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "code_exp" text
) partition by list (report_month);
create index on pump.t_code_exp using brin (package);

create table pump.x_zglv (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "version" text,
    "data" date,
    "filename" text,
    "sd_z" integer
) partition by list (report_month);
create index on pump.x_zglv using brin (package);

create table pump.x_schet (
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
    "sank_ekmp" numeric(17, 2),
    "disp" text
) partition by list (report_month);
create index on pump.x_schet using brin (package);

create table pump.x_zap (
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
    "novor" text,
    "soc" text,
    "next_d" smallint,
    "mo_pr" text,
    "vz" smallint,
    "idcase" bigint,
    "disp" text,
    "vidpom" smallint,
    "npr_num" text,
    "lpu" text,
    "vbr" smallint,
    "p_cel" text,
    "date_z_1" date,
    "date_z_2" date,
    "p_otk" smallint,
    "rslt_d" smallint,
    "idsp" smallint,
    "sumv" numeric(17, 2),
    "oplata" smallint,
    "sump" numeric(17, 2),
    "sank_it" numeric(17, 2)
) partition by list (report_month);
create index on pump.x_zap using brin (package);

create table pump.x_os_sluch (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "os_sluch" smallint
) partition by list (report_month);
create index on pump.x_os_sluch using brin (package);

create table pump.x_sl (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "sl_id" text,
    "lpu_1" text,
    "mop" smallint,
    "prof_m" smallint,
    "profil_m" smallint,
    "nhistory" text,
    "date_1" date,
    "date_2" date,
    "ds1" text,
    "ds1_pr" smallint,
    "ds_onk" smallint,
    "pr_d_n" smallint,
    "ed_col" numeric(7, 2),
    "tarif" numeric(17, 2),
    "sum_m" numeric(17, 2),
    "comentsl" text
) partition by list (report_month);
create index on pump.x_sl using brin (package);

create table pump.x_ds2_n (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "ds2" text,
    "ds2_pr" smallint,
    "pr_ds2_n" smallint
) partition by list (report_month);
create index on pump.x_ds2_n using brin (package);

create table pump.x_naz (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "naz_n" smallint,
    "naz_r" smallint,
    "naz_iddokt" text,
    "naz_spdoct" smallint,
    "naz_sp" smallint,
    "naz_v" smallint,
    "naz_usl" text,
    "napr_date" date,
    "napr_num" text,
    "napr_mo" text,
    "naz_pmp" smallint,
    "naz_pk" smallint
) partition by list (report_month);
create index on pump.x_naz using brin (package);

create table pump.x_usl (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "idserv" text,
    "lpu" text,
    "lpu_1" text,
    "profil_m" smallint,
    "date_in" date,
    "date_out" date,
    "p_otk" smallint,
    "code_usl" text,
    "tarif" numeric(17, 2),
    "sumv_usl" numeric(17, 2),
    "prvs" smallint,
    "code_md" text,
    "comentu" text
) partition by list (report_month);
create index on pump.x_usl using brin (package);

create table pump.x_mr_usl_n (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "mr_n" smallint,
    "prvs" smallint,
    "code_md" text
) partition by list (report_month);
create index on pump.x_mr_usl_n using brin (package);

create table pump.x_sank (
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
create index on pump.x_sank using brin (package);

create table pump.x_sl_id (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "sl_id" text
) partition by list (report_month);
create index on pump.x_sl_id using brin (package);

create table pump.x_code_exp (
    "report_month" date not null,
    "package" bigint not null,
    "row" integer not null,
    "parent" integer,
    "code_exp" text
) partition by list (report_month);
create index on pump.x_code_exp using brin (package);

create or replace function pump.open_month(month date) returns void language plpgsql as $$
declare suffix text := '_' || to_char(month, 'YYYYMM'); parent record;
begin
    -- Tables may have come after the month was opened, so every one of them is looked at.
    if not exists (
        select from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'pump' and c.relkind = 'p' and to_regclass('pump.' || c.relname || suffix) is null
    ) then
        return;
    end if;
    perform pg_advisory_xact_lock(hashtext('pump.open_month'));
    for parent in
        select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'pump' and c.relkind = 'p'
    loop
        if to_regclass('pump.' || parent.name || suffix) is null then
            execute format('create table pump.%I (like pump.%I including defaults)', parent.name || suffix, parent.name);
            execute format(
                'alter table pump.%I attach partition pump.%I for values in (%L)', parent.name, parent.name || suffix, month
            );
        end if;
    end loop;
end $$;

grant select on all tables in schema pump to oms_operator, oms_auditor;
