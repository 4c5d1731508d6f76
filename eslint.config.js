import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import globals from "globals";

export default defineConfig(
  { ignores: ["node_modules/", "var/", ".venv/", ".venv-light/"] },
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: "latest", sourceType: "module" },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "array-callback-return": "error",
      eqeqeq: "error",
      "max-lines": ["error", 350],
      "no-console": "error",
      "no-else-return": "error",
      "no-eval": "error",
      "no-implicit-coercion": "error",
      "no-implicit-globals": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-param-reassign": "error",
      "no-promise-executor-return": "error",
      "no-return-assign": "error",
      "no-self-compare": "error",
      "no-shadow": "error",
      "no-template-curly-in-string": "error",
      "no-throw-literal": "error",
      "no-unmodified-loop-condition": "error",
      "no-unneeded-ternary": "error",
      "no-unused-expressions": "error",
      "no-unused-vars": "error",
      "no-use-before-define": ["error", { functions: false }],
      "no-useless-return": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-rest-params": "error",
      "prefer-template": "error",
      radix: "error",
      semi: "error",
      strict: ["error", "never"],
    },
  },
  // What knows no page: it runs in Node as well, so `document` and `window` are unknown here.
  { files: ["static/js/lib/**"], languageOptions: { globals: globals["shared-node-browser"] } },
  // What walks through the site in other browsers.
  { files: ["tests/browsers/**"], languageOptions: { globals: globals.node }, rules: { "no-console": "off" } },
  // Pages and their parts.
  {
    files: ["static/js/**"],
    ignores: ["static/js/lib/**"],
    languageOptions: { globals: { ...globals.browser, htmx: "readonly" } },
  },
);
