// The pages in front: signing in and up, and what the links in mails lead to.
import type { ComponentChildren } from "preact";
import { Forgot } from "./entrance/forgot";
import { Reset } from "./entrance/reset";
import { SignIn } from "./entrance/sign_in";
import { SignUp } from "./entrance/sign_up";
import { Verify } from "./entrance/verify";
import { config, isAutomatic } from "./session";
import { t } from "./text";
import { Brand, Languages } from "./ui";

export function Entrance() {
  const { privacyPolicy, termsOfService } = config.interface;
  return (
    <div class="entrance">
      <main>
        <Brand />
        {page()}
      </main>
      <footer class="foot">
        {privacyPolicy && <a href={privacyPolicy.externalUrl}>{t("privacy")}</a>}
        {termsOfService && <a href={termsOfService.externalUrl}>{t("terms")}</a>}
        <Languages />
      </footer>
    </div>
  );
}

function page(): ComponentChildren {
  switch (location.pathname.replace(/\/$/, "")) {
    case "/register":
      return <SignUp />;
    case "/forgot-password":
      return <Forgot />;
    case "/reset-password":
      return <Reset />;
    case "/verify":
      return <Verify />;
    default:
      return config.onboarding && !isAutomatic() ? <SignUp /> : <SignIn />;
  }
}
