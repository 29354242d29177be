select dictionary, suites from checks.edition where id = :id
