declare module 'swagger-ui-dist/swagger-ui-es-bundle.js' {
  interface Request {
    headers: Record<string, string>;
  }
  interface Options {
    url: string;
    domNode: HTMLElement;
    plugins: (() => object)[];
    docExpansion: 'list';
    defaultModelsExpandDepth: number;
    displayOperationId: boolean;
    tryItOutEnabled: boolean;
    validatorUrl: null;
    onComplete(): void;
    requestInterceptor(request: Request): Request;
  }
  export default function SwaggerUI(options: Options): { preauthorizeApiKey(scheme: string, key: string): void };
}
