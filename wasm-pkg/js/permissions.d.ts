/** Permissions as the API sends them, in two levels: section and name. */
export type PermissionTree = { readonly [section: string]: { readonly [name: string]: boolean } };

/** A group, as `GET /api/v1/groups/` lists it. */
export interface PermissionGroup {
  readonly id: string;
  /** The group above it, whose grants it inherits. */
  readonly parent_group_id?: string | null;
  /** What it grants by itself. */
  readonly permissions?: PermissionTree | null;
}

/**
 * Whether permissions grant a path such as `chat.delete`. A missing path is not granted. Administrators
 * are not bound by permissions; their tree is the plain one.
 *
 * @example
 * if (session.user.role === "admin" || hasPermission(session.permissions, "chat.delete")) showDelete();
 */
export function hasPermission(permissions: PermissionTree | null | undefined, path: string): boolean;

/**
 * What somebody may do, worked out as the server does: the defaults, with gaps filled, and what their groups and all
 * groups above these grant. Groups only add.
 *
 * @example
 * const tree = effectivePermissions({ defaults, groups, memberOf: [groups[0].id] });
 */
export function effectivePermissions(of: {
  /** What everybody may do (`GET /api/v1/users/default/permissions`). */
  readonly defaults?: PermissionTree | null;
  /** The groups of the deployment; those that are missing grant nothing. */
  readonly groups?: readonly PermissionGroup[];
  /** Ids of the groups that somebody is a member of. */
  readonly memberOf?: readonly string[];
}): PermissionTree;
