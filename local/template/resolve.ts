/** Templates → LocalModel: every resource that runs here, with every reference resolved for this machine. */
import type { Assembly } from './assembly.ts';
import { buildResource, emptyModel } from './build-model.ts';
import { refuseType } from './errors.ts';
import type { LocalModel } from './model.ts';
import { resourceType } from './resource-types.ts';
import type { Endpoints } from './resource-types.ts';
import { StackScope } from './stack-scope.ts';

/**
 * Resolves an assembly. It is pure and quick, so a runtime that learns its ports late may call it twice: first to see
 * which services are needed, then with their endpoints.
 * @throws NotKnownLocally, one line that names stack, logical id and type, for whatever is not understood.
 */
export function resolveAssembly(assembly: Assembly, endpoints: Endpoints): LocalModel {
  const scopes: StackScope[] = [];
  for (const stack of assembly.stacks) scopes.push(new StackScope(stack, endpoints, scopes));

  const first = assembly.stacks[0];
  const model = emptyModel(StackScope.regionOf(first), StackScope.accountOf(first));
  for (const scope of scopes) {
    const ofCloudFormation = scope.customResourceFunctions();
    for (const [logicalId, { Type }] of scope.resources()) {
      if (!resourceType(Type)) refuseType({ stack: scope.stack.name, logicalId, type: Type });
      if (!ofCloudFormation.has(logicalId)) buildResource(scope, logicalId, Type, model);
    }
    model.outputs.push(...scope.outputs());
  }
  return model;
}
