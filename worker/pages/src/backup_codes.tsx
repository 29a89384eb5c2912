import { config } from "./session";
import { t } from "./text";

/** The codes for whoever loses the app: shown once, so they can be taken along as a file. */
export function BackupCodes({ codes, done }: { codes: string[]; done(): void }) {
  const text = [t("codes.file", { name: config.name }), "", ...codes, ""].join("\n");
  const file = `data:text/plain;charset=utf-8,${encodeURIComponent(text)}`;
  return (
    <>
      <p>{t("codes.text")}</p>
      <ul class="codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div class="actions">
        <a class="button" href={file} download="backup-codes.txt">
          {t("codes.download")}
        </a>
        <button type="button" class="main" onClick={done}>
          {t("codes.done")}
        </button>
      </div>
    </>
  );
}
