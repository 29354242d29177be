# Вход в Airflow в работе: AIRFLOW__FAB__CONFIG_FILE указывает сюда, переменные среды — каталог. Описание — docs/operator.md.
import os

from flask_appbuilder.const import AUTH_DB, AUTH_LDAP, AUTH_OAUTH

WTF_CSRF_ENABLED = True
KIND = os.environ.get("OMS_AUTH", "db")
AUTH_TYPE = {"db": AUTH_DB, "ldap": AUTH_LDAP, "oidc": AUTH_OAUTH}[KIND]

# Группа каталога или поставщика входа — роль; чего нет в перечне, роли не даёт.
AUTH_ROLES_MAPPING = {
    os.environ.get("OMS_GROUP_ADMIN", "oms-admins"): ["Admin"],
    os.environ.get("OMS_GROUP_OPERATOR", "oms-operators"): ["oms_operator"],
    os.environ.get("OMS_GROUP_AUDITOR", "oms-auditors"): ["oms_auditor"],
    os.environ.get("OMS_GROUP_ORGANISATION", "oms-organisations"): ["oms_organisation"],
}
# Учётная запись появляется с первым входом; без группы из перечня у неё роль Public, а у той прав нет.
AUTH_USER_REGISTRATION = KIND != "db"
AUTH_USER_REGISTRATION_ROLE = "Public"
AUTH_ROLES_SYNC_AT_LOGIN = True

if KIND == "ldap":
    AUTH_LDAP_SERVER = os.environ["OMS_LDAP_SERVER"]  # ldaps://каталог.фонд:636
    AUTH_LDAP_USE_TLS = os.environ.get("OMS_LDAP_STARTTLS", "") == "1"
    AUTH_LDAP_SEARCH = os.environ["OMS_LDAP_SEARCH"]  # ou=people,dc=fond
    AUTH_LDAP_BIND_USER = os.environ["OMS_LDAP_BIND_USER"]
    AUTH_LDAP_BIND_PASSWORD = os.environ["OMS_LDAP_BIND_PASSWORD"]
    AUTH_LDAP_UID_FIELD = os.environ.get("OMS_LDAP_UID_FIELD", "uid")  # в Active Directory sAMAccountName
    AUTH_LDAP_GROUP_FIELD = os.environ.get("OMS_LDAP_GROUP_FIELD", "memberOf")
    base = os.environ.get("OMS_LDAP_GROUPS", "")  # ou=groups,dc=fond: группы записи названы полными именами
    if base:
        AUTH_ROLES_MAPPING = {f"cn={group},{base}": roles for group, roles in AUTH_ROLES_MAPPING.items()}

if KIND == "oidc":
    issuer = os.environ["OMS_OIDC_ISSUER"].rstrip("/")  # https://вход.фонд/realms/oms
    OAUTH_PROVIDERS = [
        {
            "name": "oidc",  # не из имён, знакомых FAB: адреса берутся из описания поставщика, имя и группы — из userinfo
            "token_key": "access_token",
            "icon": "fa-key",
            "remote_app": {
                "client_id": os.environ["OMS_OIDC_CLIENT"],
                "client_secret": os.environ["OMS_OIDC_SECRET"],
                "server_metadata_url": f"{issuer}/.well-known/openid-configuration",
                "client_kwargs": {"scope": f"openid email profile {os.environ.get('OMS_OIDC_SCOPE', '')}".strip()},
            },
        }
    ]
