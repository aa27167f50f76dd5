/** A project's name of a length as on PyPI: 13 characters on the average. */
export const nameOf = (at: number) =>
  `${["py", "django-", "flask-", "acme-", "pytest-"][at % 5]}${at.toString(36)}-${"abcdefgh".slice(0, at % 9)}x`;
