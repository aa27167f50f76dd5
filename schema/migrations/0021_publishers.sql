-- Who has uploaded to a project is read from the audit log.
CREATE INDEX audit_project ON audit (index_name, project, id);
